// Split becomes a Slice for each output that is used: every node has one output afterwards.
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

using Integers = std::vector<std::int64_t>;

std::vector<Node> slices_of_split(const Graph& graph, const Node& split) {
  const Shape& in = known_shape(graph, split, split.inputs.at(0));
  const std::int64_t axis = normal_axis(split, split.integer("axis", 0), in.size());
  std::vector<Node> slices;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < split.outputs.size(); ++i) {
    const Integers sizes = split.integers("split", {});
    if (sizes.size() != split.outputs.size()) refuse_node(split, "lacks the sizes of its parts");
    const std::int64_t end = start + sizes[i];
    const bool whole = start == 0 && end == in[static_cast<std::size_t>(axis)];
    if (split.outputs[i] != kNoValue) {
      Node slice{split.name + "." + std::to_string(i),
                 whole ? "Identity" : "Slice",
                 {split.inputs[0]},
                 {split.outputs[i]},
                 {}};
      if (!whole) {
        slice.attributes = {{"starts", Integers{start}},
                            {"ends", Integers{end}},
                            {"axes", Integers{axis}},
                            {"steps", Integers{1}}};
      }
      slices.push_back(std::move(slice));
    }
    start = end;
  }
  return slices;
}

void run(Graph& graph, const Recipe&, ErrorSink&) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    if (node.op != "Split") {
      nodes.push_back(std::move(node));
      continue;
    }
    for (Node& slice : slices_of_split(graph, node)) nodes.push_back(std::move(slice));
  }
  graph.nodes = std::move(nodes);
}

}  // namespace

Pass split_to_slices_prepare_pass() {
  return {"split_to_slices", "makes Split a Slice for each of its outputs", run};
}

}  // namespace gradus
