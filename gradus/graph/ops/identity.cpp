#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

std::vector<TensorType> infer_identity(const Graph& graph, const Node& node) {
  return {{ops::input_dtype(graph, node), ops::input_shape(graph, node)}};
}

// The mask, where it is used: all true (ones before opset 10). The node is a Dropout no more, but
// the Where of a constant mask that gives x; both are constants or second names.
void add_mask(NormalizeContext& context, Node& node) {
  const Shape shape = ops::input_shape(context.graph, node);
  const auto count = element_count(shape);
  if (!count) ops::refuse(node, "its mask is used and as long as the batch; expected it unused");
  Tensor yes(context.opset < 10 ? ops::input_dtype(context.graph, node) : DType::kBool, {});
  if (context.opset < 10) {
    ops::float_shape(context.graph, node);
    yes.as<float>()[0] = 1.0f;
  } else {
    yes.bytes()[0] = std::byte{1};
  }
  const ValueId known =
      ops::add_constant(context, node, node.name + "_mask", Tensor::filled(yes, shape));
  context.after.push_back({node.name + "_mask_name", "Identity", {known}, {node.outputs[1]}, {}});
  node.outputs.resize(1);
  ops::make_identity(node);
}

// Dropout does nothing where nothing is trained; gradus trains without it.
void normalize_dropout(NormalizeContext& context, Node& node) {
  if (node.input(2) != kNoValue) {
    const Value& mode = context.graph.value(node.input(2));
    const bool off = mode.constant && mode.constant->dtype() == DType::kBool &&
                     mode.constant->size() == 1 && mode.constant->bytes()[0] == std::byte{0};
    if (!off) ops::refuse(node, "training_mode is not constant false; expected an inference graph");
  }
  if (context.opset < 7 && node.integer("is_test", 0) == 0) {
    ops::refuse(node, "attribute is_test is 0; expected an inference graph");
  }
  if (node.outputs.size() > 1) return add_mask(context, node);
  ops::make_identity(node);
}

}  // namespace

GraphOpFamily identity_graph_op() {
  return {{.type = "Identity",
           .since = 1,
           .infer_shape = infer_identity,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1},
          {.type = "Dropout",
           .since = 6,
           .max_inputs = 3,
           .attributes = {"is_test", "ratio", "seed"},
           .normalize = normalize_dropout,
           .infer_shape = infer_identity}};
}

}  // namespace gradus
