#include "gradus/cli/training/verification.h"

#include <fmt/format.h>

#include <bit>
#include <map>
#include <set>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/cli/engine_accuracy.h"
#include "gradus/data/loader.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"
#include "gradus/train/evaluate.h"

namespace gradus {
namespace {

// What the engine made of one batch, tensor by tensor, in the order of execution.
struct Observed {
  std::vector<std::int32_t> codes;
  std::vector<std::uint32_t> bits;  // of float values
};

std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  bits.reserve(values.size());
  for (float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

class Comparison {
 public:
  explicit Comparison(Verification& result) : result_(result) {}

  // Compares a tensor of `shape` ([batch, ...]); `first_image` is the batch's place in the data.
  template <typename T>
  void compare(const std::string& name, const Shape& shape, std::int64_t first_image,
               std::span<const T> expected, std::span<const T> found) {
    if (expected.size() != found.size()) {
      throw Error(
          ErrorCode::kDifference,
          fmt::format("tensor '{}': the trained network has {} elements, the model {}; was the "
                      "model converted from this RUN?",
                      name, expected.size(), found.size()));
    }
    result_.codes += static_cast<std::int64_t>(expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == found[i]) continue;
      if (result_.differing++ > 0) continue;
      const std::size_t image = expected.size() / static_cast<std::size_t>(shape[0]);
      result_.first =
          fmt::format("tensor '{}' {}, image {}, element {}: trained {}, engine {}", name,
                      to_string(shape), first_image + static_cast<std::int64_t>(i / image),
                      i % image, show(expected[i]), show(found[i]));
    }
  }

 private:
  static std::string show(std::int32_t code) { return std::to_string(code); }
  static std::string show(std::uint32_t bits) {
    return fmt::format("{}", std::bit_cast<float>(bits));
  }

  Verification& result_;
};

const Observed& observed(const std::map<std::string, Observed>& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found != tensors.end()) return found->second;
  throw Error(ErrorCode::kDifference, "tensor '" + name +
                                          "' is in the trained network and not in the "
                                          "model; was the model converted from this RUN?");
}

}  // namespace

Verification verify(const Graph& graph, const QModel& model, const Dataset& data,
                    const VerifyOptions& options) {
  EngineOptions settings;
  settings.threads = threads_or_all(options.threads);
  settings.max_batch = options.batch;
  settings.isa = options.isa;
  Engine engine(model, settings);
  const CodeEvaluator evaluator(graph, model.profile);
  std::map<std::string, Observed> tensors;
  engine.set_observer([&](const TensorResult& result) {
    tensors[result.tensor.name] = {{result.codes.begin(), result.codes.end()},
                                   bits_of(result.values)};
  });

  LoaderOptions loading;
  loading.batch_size = options.batch;
  loading.augment = false;
  Loader loader(data, loading);
  Verification result;
  result.isa = options.isa;
  Comparison comparison(result);
  const std::vector<OutputBuffer> none(engine.outputs().size());  // the observer sees them all
  while (auto batch = loader.next()) {
    tensors.clear();
    engine.run(batch->images, batch->n, none);
    const CodeResult expected = evaluator.run(batch->images, batch->n);
    for (const auto& tensor : expected.codes) {
      comparison.compare<std::int32_t>(tensor.name, tensor.shape, result.images, tensor.codes,
                                       observed(tensors, tensor.name).codes);
    }
    for (const auto& tensor : expected.outputs) {
      if (observed(tensors, tensor.name).bits.empty()) continue;  // codes, compared above
      const auto bits = bits_of(tensor.reals);
      comparison.compare<std::uint32_t>(tensor.name, tensor.shape, result.images, bits,
                                        observed(tensors, tensor.name).bits);
    }
    result.tensors = static_cast<std::int64_t>(tensors.size());
    result.images += batch->n;
    if (options.progress) options.progress(result.images, data.size());
    loader.recycle(std::move(*batch));
  }
  return result;
}

}  // namespace gradus
