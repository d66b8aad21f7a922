#include "gradus/prepare/rewrite.h"

#include <algorithm>
#include <utility>

namespace gradus {

bool is_linear(const Node& node) { return node.op == "Conv" || node.op == "Gemm"; }

std::int64_t sole_consumer(const Graph& graph, ValueId id) {
  if (graph.is_output(id)) return -1;
  const auto users = graph.consumers(id);
  if (users.size() != 1) return -1;
  const auto& inputs = graph.nodes[users[0]].inputs;
  if (std::count(inputs.begin(), inputs.end(), id) != 1) return -1;
  return static_cast<std::int64_t>(users[0]);
}

bool bypass(Graph& graph, std::size_t index) {
  const ValueId from = graph.nodes[index].outputs[0];
  const ValueId to = graph.nodes[index].inputs[0];
  if (graph.is_output(from)) {
    if (graph.is_output(to) || graph.producer(to) < 0) return false;
    std::swap(graph.value(from).name, graph.value(to).name);
  }
  graph.replace_uses(from, to);
  graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

}  // namespace gradus
