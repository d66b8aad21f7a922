#include "gradus/prepare/unfuse.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/graph/fused.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

constexpr std::size_t kGamma = 3;

std::string free_name(const Graph& graph, std::string name) {
  const auto taken = [&] {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [&](const Node& node) { return node.name == name; });
  };
  while (taken()) name += "_";
  return name;
}

// Places `node` behind node `index`: it reads what that one makes now, and makes what it made
// before.
void append(Graph& graph, std::size_t index, Node node) {
  const ValueId final_output = graph.nodes[index].outputs[0];
  Value between;
  between.name = graph.nodes[index].name + ".result";
  between.shape = graph.value(final_output).shape;
  const ValueId id = graph.add_value(std::move(between));
  graph.nodes[index].outputs[0] = id;
  node.inputs.insert(node.inputs.begin(), id);
  node.outputs = {final_output};
  graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(node));
}

void detach_clamp(Graph& graph, std::size_t index) {
  const Clamp clamp = fused_clamp(graph.nodes[index]);
  graph.nodes[index].attributes.erase("activation_min");
  graph.nodes[index].attributes.erase("activation_max");
  if (!clamp.any()) return;
  Node node;
  node.name = free_name(graph, graph.nodes[index].name + ".activation");
  if (clamp.min == 0.0f && std::isinf(clamp.max)) {
    node.op = "Relu";
  } else {
    node.op = "Clip";
    if (!std::isinf(clamp.min)) node.attributes["min"] = clamp.min;
    if (!std::isinf(clamp.max)) node.attributes["max"] = clamp.max;
  }
  append(graph, index, std::move(node));
}

void detach_batch_norm(Graph& graph, std::size_t index) {
  Node& host = graph.nodes[index];
  Node norm;
  norm.name = free_name(graph, host.name + ".bn");
  norm.op = "BatchNormalization";
  norm.inputs.assign(host.inputs.begin() + kGamma, host.inputs.end());
  norm.attributes["epsilon"] = host.real("bn_epsilon", 1e-5f);
  norm.attributes["momentum"] = host.real("bn_momentum", 0.9f);
  host.attributes.erase("bn_epsilon");
  host.attributes.erase("bn_momentum");
  host.inputs.resize(host.inputs[2] == kNoValue ? 2 : 3);
  append(graph, index, std::move(norm));
}

}  // namespace

void unfuse(Graph& graph) {
  check(graph.quantizers.empty(), "unfuse a graph without quantizers");
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    graph.nodes[i].attributes.erase("inner");
    graph.nodes[i].attributes.erase("unmapped");
    detach_clamp(graph, i);
    if (!is_linear(graph.nodes[i])) continue;
    graph.nodes[i].attributes.erase("from_batch_norm");
    if (graph.nodes[i].input(kGamma) != kNoValue) detach_batch_norm(graph, i);
  }
  graph.verify();
}

}  // namespace gradus
