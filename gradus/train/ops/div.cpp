#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::div(inputs[0], inputs[1]);
}

}  // namespace

TrainOp div_train_op() { return {.op = "Div", .forward = forward, .fresh_output = true}; }

}  // namespace gradus
