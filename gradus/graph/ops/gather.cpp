#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

void normalize_gather(NormalizeContext& context, Node& node) {
  const std::size_t rank = ops::input_shape(context.graph, node).size();
  node.attributes["axis"] = ops::axis_in(node, node.integer("axis", 0), rank);
}

std::int64_t index_at(const Tensor& indices, std::int64_t i) {
  const auto position = static_cast<std::size_t>(i);
  return indices.dtype() == DType::kInt32 ? indices.as<std::int32_t>()[position]
                                          : indices.as<std::int64_t>()[position];
}

void check_indices(const Node& node, const Tensor& indices, std::int64_t size) {
  for (std::int64_t i = 0; i < indices.size(); ++i) {
    const std::int64_t found = index_at(indices, i);
    if (found < -size || found >= size) {
      ops::invalid(node, "its index " + std::to_string(found) + " is outside an axis of " +
                             std::to_string(size));
    }
  }
}

std::vector<TensorType> infer_gather(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  const Shape& indices = ops::input_shape(graph, node, 1);
  const DType type = ops::input_dtype(graph, node, 1);
  if (type != DType::kInt64 && type != DType::kInt32) {
    ops::invalid(node, std::string("its indices are ") + dtype_name(type) + "; expected integers");
  }
  const auto axis =
      static_cast<std::size_t>(ops::axis_in(node, node.integer("axis", 0), in.size()));
  if (in[axis] < 0) ops::refuse(node, "gathers from the batch; expected another axis");
  const auto& known = graph.value(node.inputs[1]).constant;
  if (!known) ops::refuse(node, "its indices are computed at run time; expected constants");
  check_indices(node, *known, in[axis]);
  if (in.size() + indices.size() > 9) ops::refuse(node, "makes more than 8 dimensions");
  Shape out(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(axis));
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(axis) + 1, in.end());
  return {{ops::input_dtype(graph, node), out}};
}

// The indices from 0, as the attribute that floatops takes.
std::vector<Tensor> evaluate_gather(const Node& node, std::span<const Tensor* const> inputs,
                                    std::span<const TensorType> types) {
  const std::int64_t size = inputs[0]->shape()[static_cast<std::size_t>(node.integer("axis", 0))];
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < inputs[1]->size(); ++i) {
    const std::int64_t found = index_at(*inputs[1], i);
    indices.push_back(found < 0 ? found + size : found);
  }
  Node listed = node;
  listed.attributes["indices"] = std::move(indices);
  return ops::evaluate_floatop(listed, inputs.first(1), types);
}

}  // namespace

GraphOpFamily gather_graph_op() {
  return {{.type = "Gather",
           .since = 1,
           .min_inputs = 2,
           .max_inputs = 2,
           .attributes = {"axis"},
           .normalize = normalize_gather,
           .infer_shape = infer_gather,
           .evaluate = evaluate_gather,
           .moved_inputs = 1}};
}

}  // namespace gradus
