#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

// Before opset 13 all axes from `axis` on were normalised together: the node is put between two
// Reshapes, unless one of them is longer than 1.
void normalize_softmax(NormalizeContext& context, Node& node) {
  const Shape in = ops::float_shape(context.graph, node);
  const bool matrix = context.opset < 13;
  const std::int64_t axis = ops::axis_in(node, node.integer("axis", matrix ? 1 : -1), in.size());
  const auto first = static_cast<std::size_t>(axis);
  if (in[first] < 0) ops::refuse(node, "normalises over the batch; expected another axis");
  node.attributes["axis"] = axis;
  Shape flat(in.begin(), in.begin() + axis);
  flat.push_back(1);
  bool several = false;
  for (std::size_t i = first; i < in.size(); ++i) {
    if (in[i] < 0) ops::refuse(node, "normalises over the batch; expected another axis");
    several = several || (i > first && in[i] != 1);
    flat.back() *= in[i];
  }
  if (!matrix || !several) return;
  node.inputs[0] =
      flat.size() == 2
          ? ops::emit(context, node, "Flatten", {node.inputs[0]}, {{"axis", std::int64_t{1}}})
          : ops::emit(context, node, "Reshape", {node.inputs[0]}, {{"shape", flat}});
  Value between;
  between.name = context.graph.value(node.outputs.at(0)).name + "_flat";
  const ValueId id = context.add_value(node, std::move(between));
  context.after.push_back({node.name + "_reshape", "Reshape", {id}, node.outputs, {{"shape", in}}});
  node.outputs = {id};
}

std::vector<TensorType> infer_softmax(const Graph& graph, const Node& node) {
  const Shape& in = ops::float_shape(graph, node);
  ops::axis_in(node, node.integer("axis", -1), in.size());
  return {{DType::kFloat32, in}};
}

GraphOp softmax(const char* type) {
  return {.type = type,
          .since = 1,
          .attributes = {"axis"},
          .normalize = normalize_softmax,
          .infer_shape = infer_softmax,
          .evaluate = ops::evaluate_floatop};
}

}  // namespace

GraphOpFamily softmax_graph_op() { return {softmax("Softmax"), softmax("LogSoftmax")}; }

}  // namespace gradus
