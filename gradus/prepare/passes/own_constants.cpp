// Gives every Conv, Gemm and BatchNormalization constants of its own: exporters merge initializers
// that happen to be equal, and what is folded, quantized or trained in one node must not change
// another.
#include <algorithm>
#include <set>

#include "gradus/prepare/attributes.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

// How many bytes of copies there may be: a small file can have one large tensor read by 20,000
// layers.
std::int64_t most_copied(const Graph& graph) {
  constexpr std::int64_t kLeast = 128 << 20;
  std::int64_t held = 0;
  for (const Value& value : graph.values) {
    if (value.constant && !value.constant->is_filled()) {
      held += static_cast<std::int64_t>(value.constant->byte_count());
    }
  }
  return std::max(kLeast, 8 * held);
}

// Not told to a sink: nothing that comes after it can go on.
[[noreturn]] void refuse(const Node& node, const std::string& constant) {
  refuse_node(node,
              "shares '" + constant +
                  "' with other layers, which together are too large to have a copy each; expected "
                  "weights of its own");
}

void run(Graph& graph, const Recipe&, ErrorSink&) {
  std::int64_t left = most_copied(graph);
  std::set<ValueId> taken(graph.outputs.begin(), graph.outputs.end());
  for (Node& node : graph.nodes) {
    if (!is_linear(node) && node.op != "BatchNormalization") continue;
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue || !graph.value(id).constant || taken.insert(id).second) continue;
      Value copy = graph.value(id);
      const auto bytes = static_cast<std::int64_t>(copy.constant->byte_count());
      // What is filled is counted by those that make its bytes.
      if (!copy.constant->is_filled()) left -= bytes;
      if (left < 0) refuse(node, copy.name);
      node.inputs[i] = graph.add_value(std::move(copy));
    }
  }
}

}  // namespace

Pass own_constants_prepare_pass() {
  return {"own_constants", "gives every layer its own copy of shared constants", run};
}

}  // namespace gradus
