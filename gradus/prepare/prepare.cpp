#include "gradus/prepare/prepare.h"

#include "gradus/base/error.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/island_form.h"

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
  return {"its result is float and it computes with codes",
          "take what reads it out of ignored_scope"};
}

Island island_of(const Graph& graph, const Node& node) {
  const Refusal why = island_refusal(graph, node);
  const Value& out = graph.value(node.outputs[0]);
  Island island;
  island.node = node.name;
  island.op = node.op;
  island.shape = out.shape.value_or(Shape{});
  island.reason = why.reason;
  island.remedy = why.remedy;
  try {
    const IslandForm form = island_form(graph, node);
    island.elements = *element_count(form.call.output);
    island.macs = floatops::call_macs(form.call);
    if (out.quantizer != kNoQuantizer) island.converted += island.elements;
    std::size_t next = 0;
    for (const floatops::CallInput& input : form.call.inputs) {
      if (input.kind != floatops::InputKind::kData) continue;
      const bool codes = graph.value(form.inputs[next++]).quantizer != kNoQuantizer;
      if (codes) island.converted += *element_count(input.shape);
    }
  } catch (const Error& error) {
    island.refusal = error.what();
  }
  return island;
}

}  // namespace

void prepare(Graph& graph, const Recipe& recipe) {
  ErrorSink errors;
  prepare(graph, recipe, errors);
}

void prepare(Graph& graph, const Recipe& recipe, ErrorSink& errors) {
  for (const Pass& pass : prepare_passes()) {
    pass.run(graph, recipe, errors);
    graph.remove_dead();
    graph.sort();
    graph.verify();
  }
}

std::vector<Island> islands(const Graph& prepared) {
  std::vector<Island> found;
  if (prepared.quantizers.empty()) return found;
  for (const Node& node : prepared.nodes) {
    if (only_reshapes(prepared, node) || runs_in_integers(prepared, node)) continue;
    found.push_back(island_of(prepared, node));
  }
  return found;
}

std::string cost_text(const Island& island) {
  return std::to_string(island.elements) + " elements in float, " + std::to_string(island.macs) +
         " multiply-adds, " + std::to_string(island.converted) + " codes converted an image";
}

}  // namespace gradus
