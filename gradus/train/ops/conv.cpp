#include <ATen/ATen.h>

#include <memory>

#include "gradus/train/linear_codes.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor convolve(const at::Tensor& input, const at::Tensor& weights, const at::Tensor& bias,
                    const Window& w, std::int64_t groups) {
  const bool even = even_pads(w);
  const at::Tensor x = even ? input : pad_map(input, w, 0.0);
  const std::vector<std::int64_t> padding =
      even ? std::vector<std::int64_t>{w.pad_top, w.pad_left} : std::vector<std::int64_t>{0, 0};
  return at::conv2d(x, weights, bias, {w.stride_h, w.stride_w}, padding,
                    {w.dilation_h, w.dilation_w}, groups);
}

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  const at::Tensor bias = inputs.size() > 2 ? inputs[2] : at::Tensor();
  const at::Tensor y = convolve(inputs[0], inputs[1], bias, window_of(context.graph, node),
                                node.integer("group", 1));
  if (inputs.size() < 7 || !inputs[3].defined()) return y;
  return batch_norm(context, y, inputs[3], inputs[4], inputs[5], inputs[6],
                    node.real("bn_epsilon", 1e-5f), node.real("bn_momentum", 0.9f));
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  const auto linear = std::make_shared<const LinearCodes>(context, node);
  const Window window = window_of(context.graph, node);
  const std::int64_t groups = node.integer("group", 1);
  return [linear, window, groups](std::span<const at::Tensor> inputs) {
    // Padding is real zero, which is 0 once the zero point is taken off.
    return linear->finish(convolve(linear->cast(inputs[0]), linear->weights(), {}, window, groups));
  };
}

}  // namespace

TrainOpFamily conv_train_op() {
  return {{.op = "Conv", .forward = forward, .codes = codes, .fresh_output = true}};
}

}  // namespace gradus
