#include "gradus/convert/linear.h"
#include "gradus/prepare/attributes.h"

namespace gradus {
namespace {

// [out, in, height, width] to [out, height, width, in].
std::vector<std::int32_t> channels_last(const std::vector<std::int32_t>& codes,
                                        const Shape& shape) {
  const auto in = static_cast<std::size_t>(shape[1]);
  const auto pixels = static_cast<std::size_t>(shape[2] * shape[3]);
  std::vector<std::int32_t> moved(codes.size());
  for (std::size_t row = 0; row < codes.size(); row += in * pixels) {
    for (std::size_t i = 0; i < in; ++i) {
      for (std::size_t p = 0; p < pixels; ++p) {
        moved[row + p * in + i] = codes[row + i * pixels + p];
      }
    }
  }
  return moved;
}

void lower(LoweringContext& context, const Node& node) {
  const Window window = window_of(context.graph(), node);
  LoweredLinear linear = lower_linear(context, node);
  QConv conv;
  conv.kernel_h = extent(node, window.kernel_h);
  conv.kernel_w = extent(node, window.kernel_w);
  conv.stride_h = extent(node, window.stride_h);
  conv.stride_w = extent(node, window.stride_w);
  conv.dilation_h = extent(node, window.dilation_h);
  conv.dilation_w = extent(node, window.dilation_w);
  conv.pad_top = extent(node, window.pad_top);
  conv.pad_left = extent(node, window.pad_left);
  conv.pad_bottom = extent(node, window.pad_bottom);
  conv.pad_right = extent(node, window.pad_right);
  conv.groups = extent(node, node.integer("group", 1));
  const Shape& shape = context.graph().value(node.inputs[1]).constant->shape();
  linear.weights.codes = channels_last(linear.weights.codes, shape);
  conv.weights = std::move(linear.weights);
  conv.bias = std::move(linear.bias);
  conv.output = std::move(linear.output);
  context.emit(node, std::move(conv));
}

}  // namespace

LoweringFamily conv_lowering() { return {{"Conv", lower}}; }

}  // namespace gradus
