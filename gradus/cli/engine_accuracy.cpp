#include "gradus/cli/engine_accuracy.h"

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/data/loader.h"
#include "gradus/runtime/engine.h"

namespace gradus {
namespace {

// Rank of the label among the logits: how many are larger, or equal and before it.
std::int64_t rank_of(std::span<const float> logits, std::int64_t label) {
  const float own = logits[static_cast<std::size_t>(label)];
  std::int64_t rank = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool before = static_cast<std::int64_t>(i) < label;
    rank += logits[i] > own || (before && logits[i] == own) ? 1 : 0;
  }
  return rank;
}

double cross_entropy(std::span<const float> logits, std::int64_t label) {
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0.0;
  for (float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return std::log(sum) + largest - static_cast<double>(logits[static_cast<std::size_t>(label)]);
}

}  // namespace

int threads_or_all(int threads) {
  return threads > 0 ? threads
                     : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Accuracy engine_accuracy(const QModel& model, const Dataset& data, int threads, std::int64_t batch,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  EngineOptions options;
  options.threads = threads_or_all(threads);
  options.max_batch = batch;
  Engine engine(model, options);
  const QTensor& in = engine.input();
  const ImageShape image{in.channels, in.height, in.width};
  const QTensor& out = engine.outputs()[0];
  const std::int64_t classes = std::int64_t{out.channels} * out.height * out.width;
  require_feeds(data.shape(), {-1, image.channels, image.height, image.width}, "the model");
  if (classes < data.classes()) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "the model gives " + std::to_string(classes) + " numbers an image, the data has " +
            std::to_string(data.classes()) +
            " classes; expected a number a class: leave ArgMax out of the exported network");
  }
  LoaderOptions loading;
  loading.batch_size = batch;
  loading.augment = false;
  Loader loader(data, loading);
  Accuracy accuracy;
  std::int64_t first = 0;
  std::int64_t fifth = 0;
  std::vector<float> logits(static_cast<std::size_t>(batch * classes));
  std::vector<OutputBuffer> outputs(engine.outputs().size());  // the first has the logits
  while (auto images = loader.next()) {
    const auto used = std::span(logits).first(static_cast<std::size_t>(images->n * classes));
    outputs[0].values = used;
    engine.run(images->images, images->n, outputs);
    for (std::int64_t i = 0; i < images->n; ++i) {
      const auto row = std::span<const float>(used).subspan(static_cast<std::size_t>(i * classes),
                                                            static_cast<std::size_t>(classes));
      const std::int64_t label = images->labels[static_cast<std::size_t>(i)];
      const std::int64_t rank = rank_of(row, label);
      first += rank < 1 ? 1 : 0;
      fifth += rank < 5 ? 1 : 0;
      accuracy.loss += cross_entropy(row, label);
    }
    accuracy.images += images->n;
    if (progress) progress(accuracy.images, data.size());
    loader.recycle(std::move(*images));
  }
  const auto count = static_cast<double>(std::max<std::int64_t>(accuracy.images, 1));
  accuracy.top1 = static_cast<double>(first) / count;
  accuracy.top5 = static_cast<double>(fifth) / count;
  accuracy.loss /= count;
  return accuracy;
}

}  // namespace gradus
