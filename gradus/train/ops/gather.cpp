#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

std::vector<std::int64_t> indices_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::kInt32) {
    const auto narrow = tensor.as<std::int32_t>();
    return {narrow.begin(), narrow.end()};
  }
  const auto wide = tensor.as<std::int64_t>();
  return {wide.begin(), wide.end()};
}

// Import has checked that the indices are constants within the axis.
at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  const at::Tensor& x = inputs[0];
  const std::int64_t axis = node.integer("axis", 0);
  std::vector<std::int64_t> indices = indices_of(*context.graph.value(node.inputs.at(1)).constant);
  for (std::int64_t& index : indices) index += index < 0 ? x.size(axis) : 0;
  const at::Tensor taken = at::index_select(x, axis, at::tensor(indices, at::kLong));
  return reshape_to_output(context.graph, node, taken);
}

}  // namespace

TrainOpFamily gather_train_op() {
  return {{.op = "Gather", .forward = forward, .fresh_output = true, .moves_values = true}};
}

}  // namespace gradus
