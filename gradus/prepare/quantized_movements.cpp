#include "gradus/prepare/quantized_movements.h"

#include <algorithm>
#include <vector>

#include "gradus/graph/graph_editor.h"
#include "gradus/graph/quant_node.h"
#include "gradus/prepare/groups.h"

namespace gradus {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

bool only_moved(const Graph& graph, const GraphEditor& editor, ValueId id) {
  const std::vector<std::size_t> readers = editor.consumers(id);
  return !readers.empty() && !editor.is_output(id) &&
         std::all_of(readers.begin(), readers.end(), [&](std::size_t at) {
           return is_movement(graph.nodes[at]) && graph.nodes[at].inputs[0] == id;
         });
}

}  // namespace

void drop_quants_between_movements(Graph& graph) {
  GraphEditor editor(graph);
  std::vector<std::size_t> rounded_by(graph.values.size(), kNone);  // the Quant that put a value on its grid
  const auto grid_of = [&](ValueId id) { return id == kNoValue ? kNone : rounded_by[static_cast<std::size_t>(id)]; };
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op != "Quant" && !is_movement(node)) continue;
    const std::size_t before = grid_of(node.input(0));
    const auto out = static_cast<std::size_t>(node.outputs.at(0));
    if (node.op != "Quant") {
      rounded_by[out] = before;
    } else if (before != kNone && read_quant_node(graph.nodes[before]) == read_quant_node(node) &&
               only_moved(graph, editor, node.outputs[0]) && editor.bypass(i)) {
      continue;
    } else {
      rounded_by[out] = i;
    }
  }
  editor.finish();
}

}  // namespace gradus
