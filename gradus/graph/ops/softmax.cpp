#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

// Before opset 13 the axis split the tensor into a matrix; the same only where nothing follows it.
void normalize_softmax(NormalizeContext& context, Node& node) {
  const Shape& in = ops::float_shape(context.graph, node);
  const bool matrix = context.opset < 13;
  const std::int64_t axis = ops::axis_in(node, node.integer("axis", matrix ? 1 : -1), in.size());
  if (matrix) {
    for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < in.size(); ++i) {
      if (in[i] != 1) {
        ops::refuse(node, "normalises several axes of " + to_string(in) +
                              " together, as before opset 13; expected the last axis");
      }
    }
  }
  if (in[static_cast<std::size_t>(axis)] < 0) {
    ops::refuse(node, "normalises over the batch; expected another axis");
  }
  node.attributes["axis"] = axis;
}

std::vector<TensorType> infer_softmax(const Graph& graph, const Node& node) {
  const Shape& in = ops::float_shape(graph, node);
  ops::axis_in(node, node.integer("axis", -1), in.size());
  return {{DType::kFloat32, in}};
}

}  // namespace

GraphOpFamily softmax_graph_op() {
  return {{.type = "Softmax",
           .since = 1,
           .attributes = {"axis"},
           .normalize = normalize_softmax,
           .infer_shape = infer_softmax}};
}

}  // namespace gradus
