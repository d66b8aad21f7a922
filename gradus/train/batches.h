// From a data set to tensors, and from logits to an accuracy.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>

#include "gradus/data/loader.h"
#include "gradus/graph/graph.h"
#include "gradus/train/evaluate.h"

namespace gradus {

// Throws Error (kInvalidArgument) if the data set's images or labels do not fit the network.
void check_data(const Graph& graph, const Dataset& data);

// The images of a batch loaded as Layout::kNhwc, [n, C, H, W] in channels last over the batch's own
// memory; flattened to [n, C * H * W] for a network whose input has two dimensions.
at::Tensor images_of(Batch& batch, const ImageShape& shape, const Graph& graph);
// Row-major [batch, ...input shape], copied to channels last.
at::Tensor images_of(std::span<const float> images, std::int64_t batch, const Graph& graph);

// Mean cross entropy of logits [n, classes] with the batch's labels, of which `smoothing` is spread
// over all classes. Where images were mixed (data/mix.h) the labels are mixed as they were: the
// loss is linear in them, so it is that of either label, times its share.
at::Tensor loss_of(const at::Tensor& logits, Batch& batch, double smoothing);

// Counts hits and loss over batches; ties go to the smaller class.
class AccuracyMeter {
 public:
  // logits [n, classes] (further dimensions of 1 are dropped). Throws Error: kFailed if one is not
  // finite, kInvalidArgument if a label is no class.
  void add(const at::Tensor& logits, std::span<const std::int64_t> labels);
  Accuracy accuracy() const;

 private:
  std::int64_t images_ = 0;
  std::int64_t top1_ = 0;
  std::int64_t top5_ = 0;
  double loss_ = 0.0;
};

// Whether the label has the largest logit, or is among the five largest.
struct Hit {
  bool top1 = false;
  bool top5 = false;
};
Hit hit_of(std::span<const float> logits, std::int64_t label);

}  // namespace gradus
