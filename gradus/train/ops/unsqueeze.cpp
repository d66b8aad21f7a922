#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

// To the shape that import found for the output; the batch is the input's.
at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  return reshape_to_output(context.graph, node, inputs[0]);
}

}  // namespace

TrainOp unsqueeze_train_op() {
  return {.op = "Unsqueeze", .forward = forward, .moves_values = true};
}

}  // namespace gradus
