#include "gradus/runtime/conv_step.h"

namespace gradus {
namespace {

std::unique_ptr<Step> prepare(const StepContext& context) {
  const auto& op = context.op<QFullyConnected>();
  kernels::ConvShape shape;
  shape.in_channels = context.input().channels;
  shape.out_channels = context.output().channels;
  return make_conv_step(context, {shape, op.weights, op.bias, op.output});
}

}  // namespace

RuntimeOp fully_connected_runtime_op() { return {"fully_connected", nullptr, nullptr, prepare}; }

}  // namespace gradus
