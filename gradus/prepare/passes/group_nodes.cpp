// Marks the nodes that the integer network computes as one.
#include "gradus/prepare/groups.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

void run(Graph& graph, const Recipe& recipe, ErrorSink&) {
  if (recipe.quantize) mark_groups(graph);
}

}  // namespace

Pass group_nodes_prepare_pass() {
  return {"group_nodes", "marks the operators that integers compute as one table or gather", run};
}

}  // namespace gradus
