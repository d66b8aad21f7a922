#include "gradus/train/evaluate.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "gradus/data/dataset.h"
#include "gradus/train/batches.h"
#include "gradus/train/code_network.h"
#include "gradus/train/network.h"

namespace gradus {
namespace {

std::vector<float> row_major(const at::Tensor& tensor) {
  const at::Tensor rows = tensor.detach().contiguous();
  const float* values = rows.const_data_ptr<float>();
  return {values, values + rows.numel()};
}

std::vector<std::int32_t> codes_of(const at::Tensor& centered, std::int32_t zero_point) {
  std::vector<std::int32_t> codes;
  codes.reserve(static_cast<std::size_t>(centered.numel()));
  for (float code : row_major(centered))
    codes.push_back(static_cast<std::int32_t>(code) + zero_point);
  return codes;
}

}  // namespace

Accuracy evaluate(const Graph& graph, const Dataset& data, const EvalOptions& options) {
  check_data(graph, data);
  if (options.threads > 0) at::set_num_threads(options.threads);
  const at::NoGradGuard no_grad;
  std::unique_ptr<CodeNetwork> codes;
  std::unique_ptr<Network> reals;
  if (options.mode == EvalMode::kCodes) {
    codes = std::make_unique<CodeNetwork>(graph, options.profile);
  } else {
    reals = std::make_unique<Network>(graph);
  }
  ForwardOptions forward;
  forward.quantize = options.mode == EvalMode::kFakeQuant;
  Loader loader(data,
                {.batch_size = options.batch_size, .augment = false, .layout = Layout::kNhwc});
  AccuracyMeter meter;
  std::int64_t done = 0;
  while (std::optional<Batch> batch = loader.next()) {
    const at::Tensor images = images_of(*batch, data.shape(), graph);
    meter.add(codes ? codes->run(images)[0] : reals->forward(images, forward), batch->labels);
    done += batch->n;
    if (options.progress) options.progress(done, data.size());
    loader.recycle(std::move(*batch));
  }
  return meter.accuracy();
}

struct CodeEvaluator::Impl {
  Impl(const Graph& from, Profile profile) : graph(from), network(graph, profile) {}
  Graph graph;
  CodeNetwork network;
};

CodeEvaluator::CodeEvaluator(const Graph& graph, Profile profile)
    : impl_(std::make_unique<Impl>(graph, profile)) {}
CodeEvaluator::CodeEvaluator(CodeEvaluator&&) noexcept = default;
CodeEvaluator& CodeEvaluator::operator=(CodeEvaluator&&) noexcept = default;
CodeEvaluator::~CodeEvaluator() = default;

CodeResult CodeEvaluator::run(std::span<const float> images, std::int64_t batch) const {
  const Graph& graph = impl_->graph;
  CodeResult result;
  const auto outputs = impl_->network.run(
      images_of(images, batch, graph), [&](ValueId id, const at::Tensor& centered) {
        const auto q = static_cast<std::size_t>(graph.value(id).quantizer);
        result.codes.push_back({graph.value(id).name, centered.sizes().vec(),
                                codes_of(centered, graph.quantizers[q].parameters.zero_point[0])});
      });
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    result.outputs.push_back(
        {graph.value(graph.outputs[i]).name, outputs[i].sizes().vec(), row_major(outputs[i])});
  }
  return result;
}

std::vector<float> CodeEvaluator::logits(std::span<const float> images, std::int64_t batch) const {
  return row_major(impl_->network.run(images_of(images, batch, impl_->graph))[0]);
}

std::vector<TensorReals> run_reals(const Graph& graph, EvalMode mode, std::span<const float> images,
                                   std::int64_t batch) {
  const at::NoGradGuard no_grad;
  std::vector<TensorReals> results;
  ForwardOptions options;
  options.quantize = mode == EvalMode::kFakeQuant;
  options.on_result = [&](ValueId id, const at::Tensor& value) {
    results.push_back({graph.value(id).name, value.sizes().vec(), row_major(value)});
  };
  Network(graph).forward(images_of(images, batch, graph), options);
  return results;
}

}  // namespace gradus
