#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::sub(inputs[0], inputs[1]);
}

}  // namespace

TrainOp sub_train_op() { return {.op = "Sub", .forward = forward, .fresh_output = true}; }

}  // namespace gradus
