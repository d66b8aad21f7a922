#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  const at::Tensor& x = inputs[0];
  const std::int64_t axis =
      normal_axis(node, node.integer("axis", 1), static_cast<std::size_t>(x.dim()) + 1);
  std::int64_t rows = 1;
  for (std::int64_t i = 0; i < axis; ++i) rows *= x.size(i);
  return at::reshape(x, {rows, x.numel() / std::max<std::int64_t>(rows, 1)});
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, forward);
}

}  // namespace

TrainOpFamily flatten_train_op() {
  return {{.op = "Flatten", .forward = forward, .codes = codes, .moves_values = true}};
}

}  // namespace gradus
