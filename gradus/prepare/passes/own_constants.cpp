// Gives every Conv, Gemm and BatchNormalization constants of its own: exporters merge initializers
// that happen to be equal, and what is folded, quantized or trained in one node must not change
// another.
#include <set>

#include "gradus/prepare/prepare.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

void run(Graph& graph, const Recipe&, ErrorSink&) {
  std::set<ValueId> taken(graph.outputs.begin(), graph.outputs.end());
  for (Node& node : graph.nodes) {
    if (!is_linear(node) && node.op != "BatchNormalization") continue;
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue || !graph.value(id).constant || taken.insert(id).second) continue;
      Value copy = graph.value(id);
      node.inputs[i] = graph.add_value(std::move(copy));
    }
  }
}

}  // namespace

Pass own_constants_prepare_pass() {
  return {"own_constants", "gives every layer its own copy of shared constants", run};
}

}  // namespace gradus
