#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  return at::permute(inputs[0], node.integers("perm", {}));
}

}  // namespace

TrainOp transpose_train_op() {
  return {.op = "Transpose", .forward = forward, .moves_values = true};
}

}  // namespace gradus
