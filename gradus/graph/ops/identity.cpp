#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

std::vector<TensorType> infer_identity(const Graph& graph, const Node& node) {
  return {{ops::input_dtype(graph, node), ops::input_shape(graph, node)}};
}

std::vector<Tensor> evaluate_identity(const Node&, std::span<const Tensor* const> inputs) {
  return {*inputs[0]};
}

// Dropout does nothing where nothing is trained; gradus trains without it.
void normalize_dropout(NormalizeContext& context, Node& node) {
  if (node.input(2) != kNoValue) {
    const Value& mode = context.graph.value(node.input(2));
    const bool off = mode.constant && mode.constant->dtype() == DType::kBool &&
                     mode.constant->size() == 1 && mode.constant->bytes()[0] == std::byte{0};
    if (!off) ops::refuse(node, "training_mode is not constant false; expected an inference graph");
  }
  ops::drop_inputs(node, 1);
  node.op = "Identity";
  node.attributes.clear();
}

}  // namespace

GraphOpFamily identity_graph_op() {
  return {{.type = "Identity",
           .since = 1,
           .infer_shape = infer_identity,
           .evaluate = evaluate_identity,
           .moved_inputs = 1},
          {.type = "Dropout",
           .since = 7,
           .max_inputs = 3,
           .attributes = {"ratio", "seed"},
           .normalize = normalize_dropout,
           .infer_shape = infer_identity}};
}

}  // namespace gradus
