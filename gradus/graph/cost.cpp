#include "gradus/graph/cost.h"

#include <set>

#include "gradus/graph/op.h"

namespace gradus {
namespace {

// Mean and variance of a batch norm, alone or attached (fused.h): followed, not trained.
bool is_statistic(const Node& node, std::size_t input) {
  if (node.op == "BatchNormalization") return input == 3 || input == 4;
  return (node.op == "Conv" || node.op == "Gemm") && (input == 5 || input == 6);
}

// Of a network that came quantized.
bool is_integer_bias(const Node& node, std::size_t input, const Value& value) {
  return (node.op == "Conv" || node.op == "Gemm") && input == 2 &&
         value.constant->dtype() == DType::kInt32;
}

}  // namespace

Cost graph_cost(const Graph& graph) {
  Cost cost;
  std::set<ValueId> counted;
  for (const auto& node : graph.nodes) {
    NodeCost own{node.name, node.op, {}, 0, 0};
    if (!node.outputs.empty()) own.output = graph.value(node.outputs[0]).shape.value_or(Shape{});
    const GraphOp* op = find_graph_op(node.op);
    if (op != nullptr && op->macs != nullptr) own.macs = op->macs(graph, node);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue || is_statistic(node, i)) continue;
      const Value& value = graph.value(node.inputs[i]);
      if (!value.constant ||
          !(value.constant->dtype() == DType::kFloat32 || is_integer_bias(node, i, value))) {
        continue;
      }
      own.parameters += value.constant->size();
      if (counted.insert(node.inputs[i]).second) cost.parameters += value.constant->size();
    }
    cost.macs += own.macs;
    cost.nodes.push_back(std::move(own));
  }
  return cost;
}

}  // namespace gradus
