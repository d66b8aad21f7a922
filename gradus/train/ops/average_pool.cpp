#include <ATen/ATen.h>

#include "gradus/train/average_codes.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

// Sums over windows of a map that is padded already.
at::Tensor window_sums(const at::Tensor& x, const Window& w) {
  return at::avg_pool2d(x, {w.kernel_h, w.kernel_w}, {w.stride_h, w.stride_w}, {0, 0}, false, true,
                        1);
}

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  const Window w = window_of(context.graph, node);
  const at::Tensor& x = inputs[0];
  const bool count_padding = node.integer("count_include_pad", 0) != 0;
  if (even_pads(w) && 2 * w.pad_top <= w.kernel_h && 2 * w.pad_left <= w.kernel_w) {
    return at::avg_pool2d(x, {w.kernel_h, w.kernel_w}, {w.stride_h, w.stride_w},
                          {w.pad_top, w.pad_left}, false, count_padding);
  }
  const at::Tensor sums = window_sums(pad_map(x, w, 0.0), w);
  const at::Tensor counts =
      at::tensor(window_counts(w, count_padding, x.size(2), x.size(3)), x.options())
          .reshape({1, 1, sums.size(2), sums.size(3)});
  return sums / counts;
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  const Window w = window_of(context.graph, node);
  const bool count_padding = node.integer("count_include_pad", 0) != 0;
  const AverageCodes average(context, node, w.kernel_h * w.kernel_w);
  return [w, count_padding, average](std::span<const at::Tensor> inputs) {
    const at::Tensor& x = inputs[0];
    return average.finish(window_sums(pad_map(average.cast(x), w, 0.0), w),
                          window_counts(w, count_padding, x.size(2), x.size(3)));
  };
}

}  // namespace

TrainOpFamily average_pool_train_op() {
  return {{.op = "AveragePool", .forward = forward, .codes = codes, .fresh_output = true}};
}

}  // namespace gradus
