#include "gradus/prepare/quantized_movements.h"

#include <algorithm>
#include <vector>

#include "gradus/graph/graph_editor.h"
#include "gradus/graph/quant_node.h"
#include "gradus/prepare/groups.h"

namespace gradus {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Whether the value is no map of the integer network, and only movements read it.
bool lies_within_movements(const Graph& graph, const GraphEditor& editor, ValueId id) {
  const auto& shape = graph.value(id).shape;
  const std::vector<std::size_t> readers = editor.consumers(id);
  return shape && shape->size() > 4 && !readers.empty() && !editor.is_output(id) &&
         std::all_of(readers.begin(), readers.end(), [&](std::size_t at) {
           return is_movement(graph.nodes[at]) && graph.nodes[at].inputs[0] == id;
         });
}

void drop_doubles(Graph& graph) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].op != "Quant") continue;
    const std::int64_t before = editor.producer(graph.nodes[i].inputs.at(0));
    if (before < 0 || graph.nodes[static_cast<std::size_t>(before)].op != "Quant") continue;
    if (read_quant_node(graph.nodes[static_cast<std::size_t>(before)]) == read_quant_node(graph.nodes[i])) {
      editor.bypass(i);
    }
  }
  editor.finish();
}

void drop_between_movements(Graph& graph) {
  GraphEditor editor(graph);
  std::vector<std::size_t> rounded_by(graph.values.size(), kNone);  // the Quant that put a value on its grid
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if ((node.op != "Quant" && !is_movement(node)) || node.input(0) == kNoValue) continue;
    const std::size_t before = rounded_by[static_cast<std::size_t>(node.inputs[0])];
    const auto out = static_cast<std::size_t>(node.outputs.at(0));
    rounded_by[out] = node.op == "Quant" ? i : before;
    if (node.op != "Quant" || before == kNone || !lies_within_movements(graph, editor, node.outputs[0])) continue;
    if (read_quant_node(graph.nodes[before]) == read_quant_node(node)) editor.bypass(i);
  }
  editor.finish();
}

}  // namespace

void drop_repeated_quants(Graph& graph) {
  drop_doubles(graph);
  drop_between_movements(graph);
}

}  // namespace gradus
