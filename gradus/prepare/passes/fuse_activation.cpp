// Relu and Clip join the Conv, Gemm, Add, Sub or Mul that alone they read from, as its clamp.
// Maximum pools and movements in between do not matter: a clamp commutes with them.
#include "gradus/graph/fused.h"
#include "gradus/graph/graph_editor.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

bool commutes(const Node& node) {
  return node.op == "MaxPool" || node.op == "GlobalMaxPool" || is_movement(node);
}

// A sum, difference or product of two tensors; with a constant it is part of an activation.
bool combines(const Graph& graph, const Node& node) {
  if (node.op != "Add" && node.op != "Sub" && node.op != "Mul") return false;
  return !graph.value(node.inputs.at(0)).constant && !graph.value(node.inputs.at(1)).constant;
}

// The node whose result the clamp may cut, or -1.
std::int64_t host_of(const Graph& graph, const GraphEditor& editor, ValueId id) {
  while (editor.sole_consumer(id) >= 0) {
    const std::int64_t found = editor.producer(id);
    if (found < 0) return -1;
    const Node& node = graph.nodes[static_cast<std::size_t>(found)];
    if (is_linear(node) || combines(graph, node)) return found;
    if (!commutes(node) || node.outputs.size() != 1) return -1;
    id = node.inputs[0];
  }
  return -1;
}

void run(Graph& graph, const Recipe&, ErrorSink& errors) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    std::optional<Clamp> clamp;
    errors.attempt([&] { clamp = clamp_of(graph.nodes[i]); });
    if (!clamp) continue;
    const std::int64_t host = host_of(graph, editor, graph.nodes[i].inputs.at(0));
    if (host < 0) continue;
    Node& node = graph.nodes[static_cast<std::size_t>(host)];
    set_fused_clamp(node, compose(fused_clamp(node), *clamp));
    editor.absorb(static_cast<std::size_t>(editor.producer(graph.nodes[i].inputs[0])), i);
  }
  editor.finish();
}

}  // namespace

Pass fuse_activation_prepare_pass() {
  return {"fuse_activation", "makes Relu and Clip the clamp of the layer before them", run};
}

}  // namespace gradus
