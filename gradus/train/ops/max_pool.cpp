#include <ATen/ATen.h>

#include <limits>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  const Window w = window_of(context.graph, node);
  const bool plain = even_pads(w) && 2 * w.pad_top <= w.kernel_h && 2 * w.pad_left <= w.kernel_w;
  const at::Tensor x =
      plain ? inputs[0] : pad_map(inputs[0], w, -std::numeric_limits<double>::infinity());
  const std::vector<std::int64_t> padding =
      plain ? std::vector<std::int64_t>{w.pad_top, w.pad_left} : std::vector<std::int64_t>{0, 0};
  return at::max_pool2d(x, {w.kernel_h, w.kernel_w}, {w.stride_h, w.stride_w}, padding,
                        {w.dilation_h, w.dilation_w});
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, forward);
}

at::Tensor global(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::amax(inputs[0], {2, 3}, true);
}

CodeFunction global_codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, global);
}

}  // namespace

TrainOpFamily max_pool_train_op() {
  return {{.op = "MaxPool",
           .forward = forward,
           .codes = codes,
           .fresh_output = true,
           .moves_values = true},
          {.op = "GlobalMaxPool",
           .forward = global,
           .codes = global_codes,
           .fresh_output = true,
           .moves_values = true}};
}

}  // namespace gradus
