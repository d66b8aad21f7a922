#include "gradus/prepare/prepare.h"

#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"

namespace gradus {
namespace {

// Whether a node only passes a float on in another shape, the way logits are flattened on their way
// out: nothing is computed, so there is nothing to compute in integers.
bool only_reshapes(const Graph& graph, const Node& node) {
  return graph.value(node.outputs[0]).quantizer == kNoQuantizer && keeps_order(graph, node);
}

Refusal island_refusal(const Graph& graph, const Node& any) {
  if (Refusal refusal = no_integer_form(graph, any)) return refusal;
  const Node& node = root_of(graph, any);  // a group is computed in one, or not at all
  for (ValueId id : data_inputs(graph, node)) {
    if (graph.value(id).quantizer == kNoQuantizer) {
      return {"its input '" + graph.value(id).name + "' is float",
              "take it out of ignored_scope and give activations 1 to 8 bits"};
    }
  }
  const IntegerOp* op = find_integer_op(graph, node);
  if (op->role == Role::kLinear && graph.value(node.inputs[1]).quantizer == kNoQuantizer) {
    return {"its weights are float", "take it out of ignored_scope and give weights 1 to 8 bits"};
  }
  return {};
}

}  // namespace

void prepare(Graph& graph, const Recipe& recipe) {
  for (const Pass& pass : prepare_passes()) {
    pass.run(graph, recipe);
    graph.remove_dead();
    graph.sort();
    graph.verify();
  }
}

std::vector<Island> islands(const Graph& prepared) {
  std::vector<Island> found;
  if (prepared.quantizers.empty()) return found;
  for (const Node& node : prepared.nodes) {
    if (only_reshapes(prepared, node)) continue;
    if (const Refusal refusal = island_refusal(prepared, node)) {
      found.push_back({node.name, node.op, prepared.value(node.outputs[0]).shape.value_or(Shape{}),
                       refusal.reason, refusal.remedy});
    }
  }
  return found;
}

}  // namespace gradus
