#include "gradus/train/batches.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/train/loss.h"

namespace gradus {
namespace {

const Shape& input_shape(const Graph& graph) {
  if (graph.inputs.size() != 1 || graph.outputs.empty()) {
    throw Error(ErrorCode::kUnsupported,
                "network '" + graph.name + "' has " + std::to_string(graph.inputs.size()) +
                    " inputs and " + std::to_string(graph.outputs.size()) +
                    " outputs; expected one input and at least one output");
  }
  const Value& value = graph.value(graph.inputs[0]);
  const bool fits = value.shape && value.shape->size() >= 2 && value.shape->size() <= 4;
  if (!fits) {
    throw Error(ErrorCode::kUnsupported,
                "input '" + value.name + "' has shape " +
                    (value.shape ? to_string(*value.shape) : "unknown") +
                    "; expected [batch, channels, height, width], [batch, channels, length] or "
                    "[batch, features]");
  }
  return *value.shape;
}

}  // namespace

void check_data(const Graph& graph, const Dataset& data) {
  require_feeds(data.shape(), input_shape(graph),
                data.info().name + ": network '" + graph.name + "'");
}

at::Tensor images_of(Batch& batch, const ImageShape& shape, const Graph& graph) {
  const at::Tensor images =
      at::from_blob(batch.images.data(), {batch.n, shape.height, shape.width, shape.channels},
                    at::kFloat)
          .permute({0, 3, 1, 2});
  Shape as = input_shape(graph);
  if (as.size() == 4 && as[2] == shape.height && as[3] == shape.width) return images;
  as[0] = batch.n;
  return images.reshape(as);
}

at::Tensor images_of(std::span<const float> images, std::int64_t batch, const Graph& graph) {
  Shape shape = input_shape(graph);
  shape[0] = batch;
  const auto elements = element_count(shape);
  if (batch < 1 || !elements || *elements != static_cast<std::int64_t>(images.size())) {
    throw Error(ErrorCode::kInvalidArgument,
                std::to_string(images.size()) + " values do not make " + std::to_string(batch) +
                    " inputs of network '" + graph.name + "', " + to_string(shape));
  }
  const at::Tensor rows = at::from_blob(const_cast<float*>(images.data()), shape, at::kFloat);
  return rows.clone(shape.size() == 4 ? at::MemoryFormat::ChannelsLast
                                      : at::MemoryFormat::Contiguous);
}

at::Tensor loss_of(const at::Tensor& logits, Batch& batch, double smoothing) {
  const auto loss = [&](std::vector<std::int64_t>& classes) {
    const at::Tensor labels = at::from_blob(classes.data(), {batch.n}, at::kLong);
    return cross_entropy(logits, labels, {.label_smoothing = smoothing});
  };
  if (batch.partners.empty()) return loss(batch.labels);
  return loss(batch.labels) * batch.share + loss(batch.partners) * (1.0f - batch.share);
}

Hit hit_of(std::span<const float> logits, std::int64_t label) {
  const auto at = static_cast<std::size_t>(label);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    before += logits[i] > logits[at] || (logits[i] == logits[at] && i < at) ? 1 : 0;
  }
  return {before == 0, before < 5};
}

void AccuracyMeter::add(const at::Tensor& logits, std::span<const std::int64_t> labels) {
  const auto n = static_cast<std::int64_t>(labels.size());
  check(logits.size(0) == n, "logits of another batch");
  const at::Tensor rows = logits.detach().to(at::kCPU, at::kFloat).reshape({n, -1}).contiguous();
  const auto classes = static_cast<std::size_t>(rows.size(1));
  const float* values = rows.const_data_ptr<float>();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span row(values + i * classes, classes);
    if (labels[i] < 0 || labels[i] >= static_cast<std::int64_t>(classes)) {
      throw Error(ErrorCode::kInvalidArgument, "a label is " + std::to_string(labels[i]) +
                                                   "; the network has " + std::to_string(classes) +
                                                   " classes");
    }
    if (!std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); })) {
      throw Error(ErrorCode::kFailed, "the network's output is not finite at image " +
                                          std::to_string(images_ + static_cast<std::int64_t>(i)));
    }
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0.0;
    for (float v : row) sum += std::exp(static_cast<double>(v) - largest);
    loss_ +=
        largest + std::log(sum) - static_cast<double>(row[static_cast<std::size_t>(labels[i])]);
    const Hit hit = hit_of(row, labels[i]);
    top1_ += hit.top1 ? 1 : 0;
    top5_ += hit.top5 ? 1 : 0;
  }
  images_ += n;
}

Accuracy AccuracyMeter::accuracy() const {
  const double n = static_cast<double>(std::max<std::int64_t>(images_, 1));
  return {images_, static_cast<double>(top1_) / n, static_cast<double>(top5_) / n, loss_ / n};
}

}  // namespace gradus
