#include <limits>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

void normalize_concat(NormalizeContext& context, Node& node) {
  const std::size_t rank = ops::input_shape(context.graph, node).size();
  if (!node.attributes.contains("axis")) ops::invalid(node, "attribute axis is missing");
  node.attributes["axis"] = ops::axis_in(node, node.integer("axis", 0), rank);
  if (node.inputs.size() > 1) return;
  node.op = "Identity";
  node.attributes.clear();
}

std::vector<TensorType> infer_concat(const Graph& graph, const Node& node) {
  Shape out = ops::input_shape(graph, node);
  const DType dtype = ops::input_dtype(graph, node);
  const auto axis =
      static_cast<std::size_t>(ops::axis_in(node, node.integer("axis", 0), out.size()));
  if (out[axis] < 0) ops::refuse(node, "joins along the batch; expected another axis");
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    Shape other = ops::input_shape(graph, node, i);
    const std::int64_t size = other.size() == out.size() ? other[axis] : -1;
    if (size >= 0) other[axis] = out[axis];
    if (size < 0 || other != out || ops::input_dtype(graph, node, i) != dtype ||
        __builtin_add_overflow(out[axis], size, &out[axis])) {
      ops::invalid(node, "its inputs are " + to_string(ops::input_shape(graph, node)) + " and " +
                             to_string(ops::input_shape(graph, node, i)) +
                             "; expected one type and shapes that differ along axis " +
                             std::to_string(axis) + " alone");
    }
  }
  return {{dtype, out}};
}

}  // namespace

GraphOpFamily concat_graph_op() {
  return {{.type = "Concat",
           .since = 4,
           .max_inputs = std::numeric_limits<std::size_t>::max(),
           .attributes = {"axis"},
           .normalize = normalize_concat,
           .infer_shape = infer_concat,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = std::numeric_limits<std::size_t>::max()}};
}

}  // namespace gradus
