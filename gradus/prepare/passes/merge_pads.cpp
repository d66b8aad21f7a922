// Merges a Pad by zeros, height and width only, into the pads of the convolutions or the average
// pools behind it. A maximum pool pads with minus infinity, so a Pad before it stays.
#include <optional>

#include "gradus/graph/graph_editor.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

std::optional<Padding> spatial_padding(const Graph& graph, const Node& node) {
  if (node.op != "Pad" || node.attributes.contains("value")) return std::nullopt;
  Padding padding = padding_of(graph, node);
  if (padding.spatial()) return padding;
  return std::nullopt;
}

// Whether an average that counts all padding equals this one.
bool averages_padding(const Node& node, const Window& window) {
  return node.integer("count_include_pad", 0) != 0 ||
         window.pad_top + window.pad_left + window.pad_bottom + window.pad_right == 0;
}

// Returns false if the node's own pads cannot take these.
bool take(const Graph& graph, Node& node, const Padding& padding) {
  if (node.op != "Conv" && node.op != "AveragePool") return false;
  Window window = window_of(graph, node);
  if (node.op == "AveragePool") {
    if (!averages_padding(node, window)) return false;
    node.attributes["count_include_pad"] = std::int64_t{1};
  }
  window.pad_top += padding.before[2];
  window.pad_left += padding.before[3];
  window.pad_bottom += padding.after[2];
  window.pad_right += padding.after[3];
  set_pads(node, window);
  return true;
}

void run(Graph& graph, const Recipe&, ErrorSink&) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto padding = spatial_padding(graph, graph.nodes[i]);
    if (!padding) continue;
    const ValueId padded = graph.nodes[i].outputs[0];
    const ValueId plain = graph.nodes[i].inputs[0];
    for (std::size_t user : editor.consumers(padded)) {
      if (graph.nodes[user].inputs[0] != padded) continue;
      if (take(graph, graph.nodes[user], *padding)) editor.set_input(user, 0, plain);
    }
  }
}

}  // namespace

Pass merge_pads_prepare_pass() {
  return {"merge_pads", "merges a Pad by zeros into the convolution behind it", run};
}

}  // namespace gradus
