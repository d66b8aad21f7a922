#include <algorithm>

#include "gradus/runtime/conv_step.h"

namespace gradus {
namespace {

// How far the last window reaches past the end of its axis.
std::int32_t overhang(std::int32_t in, std::int32_t out, std::int32_t kernel, std::int32_t stride,
                      std::int32_t dilation, std::int32_t pad_before) {
  const std::int64_t last =
      std::int64_t{out - 1} * stride + std::int64_t{kernel - 1} * dilation - pad_before;
  return static_cast<std::int32_t>(std::max<std::int64_t>(0, last - (in - 1)));
}

kernels::Halo halo(const StepContext& context) {
  const auto& op = context.op<QConv>();
  const QTensor& in = context.input();
  const QTensor& out = context.output();
  return {op.pad_top,
          overhang(in.height, out.height, op.kernel_h, op.stride_h, op.dilation_h, op.pad_top),
          op.pad_left,
          overhang(in.width, out.width, op.kernel_w, op.stride_w, op.dilation_w, op.pad_left)};
}

std::unique_ptr<Step> prepare(const StepContext& context) {
  const auto& op = context.op<QConv>();
  const QTensor& in = context.input();
  const QTensor& out = context.output();
  const kernels::ConvShape shape = {in.height,   in.width,     in.channels,   out.height,
                                    out.width,   out.channels, op.kernel_h,   op.kernel_w,
                                    op.stride_h, op.stride_w,  op.dilation_h, op.dilation_w,
                                    op.pad_top,  op.pad_left,  op.groups};
  return make_conv_step(context, {shape, op.weights, op.bias, op.output});
}

}  // namespace

RuntimeOp conv_runtime_op() { return {"conv", halo, nullptr, prepare}; }

}  // namespace gradus
