#include "gradus/prepare/quantized_movements.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
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
    if (read_quant_node(graph.nodes[static_cast<std::size_t>(before)]) ==
        read_quant_node(graph.nodes[i])) {
      editor.bypass(i);
    }
  }
  editor.finish();
}

void drop_between_movements(Graph& graph) {
  GraphEditor editor(graph);
  std::vector<std::size_t> rounded_by(graph.values.size(),
                                      kNone);  // the Quant that put a value on its grid
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if ((node.op != "Quant" && !is_movement(node)) || node.input(0) == kNoValue) continue;
    const std::size_t before = rounded_by[static_cast<std::size_t>(node.inputs[0])];
    const auto out = static_cast<std::size_t>(node.outputs.at(0));
    rounded_by[out] = node.op == "Quant" ? i : before;
    if (node.op != "Quant" || before == kNone ||
        !lies_within_movements(graph, editor, node.outputs[0]))
      continue;
    if (read_quant_node(graph.nodes[before]) == read_quant_node(node)) editor.bypass(i);
  }
  editor.finish();
}

// Of each value: whether a node that is no Quant reads it, and nothing reads it outside the
// network.
std::vector<bool> read_as_reals(const Graph& graph) {
  std::vector<bool> read(graph.values.size());
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.inputs) {
      if (id != kNoValue && node.op != "Quant") read[static_cast<std::size_t>(id)] = true;
    }
  }
  for (ValueId id : graph.outputs) read[static_cast<std::size_t>(id)] = false;
  return read;
}

// Whether what the node makes of values on the grid of `quant` is on it too.
bool stays_on_grid(const Node& node, const Node& quant) {
  if (node.outputs.size() != 1) return false;
  return is_movement(node) || (node.op == "Relu" && !read_quant_node(quant).spec.grid().binary);
}

// A Quant like `quant` that reads what `node` makes.
Node quant_behind(Graph& graph, const Node& node, const Node& quant) {
  Node made = quant;
  made.name = node.name + ".quant";
  Value value;
  value.name = graph.value(node.outputs[0]).name + ".quant";
  value.shape = graph.value(node.outputs[0]).shape;
  made.inputs = {node.outputs[0]};
  made.outputs = {graph.add_value(std::move(value))};
  return made;
}

// What readers of a value read instead.
struct Instead {
  ValueId id = kNoValue;
  bool by_all = false;  // by those that round it themselves too
};

// Whether the movement makes a map of something that is none.
bool ends_movements(const Graph& graph, const Node& node) {
  const auto& from = graph.value(node.inputs[0]).shape;
  const auto& to = graph.value(node.outputs[0]).shape;
  return from && to && from->size() > 4 && to->size() >= 2 && to->size() <= 4;
}

}  // namespace

void drop_repeated_quants(Graph& graph) {
  drop_doubles(graph);
  drop_between_movements(graph);
}

void round_what_is_on_a_grid(Graph& graph) {
  std::unordered_set<std::string> names;
  for (const Node& node : graph.nodes) names.insert(node.name);
  const std::vector<bool> wanted = read_as_reals(graph);
  std::unordered_map<ValueId, std::size_t>
      rounded_by;  // in `result`: the Quant whose grid a value is on
  std::unordered_map<ValueId, Instead> rounded;
  std::vector<Node> result;
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) {
      const auto found = rounded.find(id);
      if (found != rounded.end() && (node.op != "Quant" || found->second.by_all))
        id = found->second.id;
    }
    result.push_back(std::move(node));
    const Node& placed = result.back();
    if (placed.op == "Quant") rounded_by[placed.outputs.at(0)] = result.size() - 1;
    const auto before = rounded_by.find(placed.input(0));
    if (before == rounded_by.end() || !stays_on_grid(placed, result[before->second])) continue;
    const ValueId out = placed.outputs[0];
    rounded_by[out] = before->second;
    // A gather has one grid: another one behind it is a change of scale.
    const bool by_all = ends_movements(graph, placed);
    if (!(by_all ? !graph.is_output(out)
                 : placed.op == "Relu" && wanted[static_cast<std::size_t>(out)]))
      continue;
    Node quant = quant_behind(graph, placed, result[before->second]);
    while (!names.insert(quant.name).second) quant.name += "_";
    rounded_by[quant.outputs[0]] = result.size();
    rounded[out] = {quant.outputs[0], by_all};
    result.push_back(std::move(quant));
  }
  graph.nodes = std::move(result);
}

}  // namespace gradus
