#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  return at::softmax(inputs[0], node.integer("axis", -1));
}

}  // namespace

TrainOp softmax_train_op() { return {.op = "Softmax", .forward = forward}; }

}  // namespace gradus
