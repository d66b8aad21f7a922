#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  const Shape& out = known_shape(context.graph, node, node.outputs.at(0));
  at::Tensor y = inputs[0];
  for (const AxisSlice& slice : slices_of(context.graph, node)) {
    const std::int64_t count = out.at(static_cast<std::size_t>(slice.axis));
    y = at::slice(y, slice.axis, slice.begin, slice.begin + (count - 1) * slice.step + 1,
                  slice.step);
  }
  return y;
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, forward);
}

}  // namespace

TrainOpFamily slice_train_op() {
  return {{.op = "Slice", .forward = forward, .codes = codes, .moves_values = true}};
}

}  // namespace gradus
