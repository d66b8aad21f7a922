#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::mul(inputs[0], inputs[1]);
}

}  // namespace

TrainOp mul_train_op() { return {.op = "Mul", .forward = forward, .fresh_output = true}; }

}  // namespace gradus
