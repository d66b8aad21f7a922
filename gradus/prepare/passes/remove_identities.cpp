// Takes out nodes that change nothing at inference: Identity, a Pad by nothing, a Concat
// of one.
#include "gradus/graph/graph_editor.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

bool changes_nothing(const Graph& graph, const Node& node) {
  if (node.op == "Identity") return true;
  if (node.op == "Concat") return node.inputs.size() == 1;
  return node.op == "Pad" && padding_of(graph, node).zero();
}

void run(Graph& graph, const Recipe&, ErrorSink&) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (changes_nothing(graph, graph.nodes[i])) editor.bypass(i);
  }
  editor.finish();
}

}  // namespace

Pass remove_identities_prepare_pass() {
  return {"remove_identities", "takes out nodes that change nothing", run};
}

}  // namespace gradus
