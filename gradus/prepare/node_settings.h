// A recipe applied to a graph: which settings each node's weights and activations get.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"
#include "gradus/recipe/selector.h"
#include "gradus/recipe/settings.h"

namespace gradus {

struct NodeSettings {
  TensorSettings weights;
  TensorSettings activations;  // of the tensors that the node reads
  bool ignored = false;        // in ignored_scope: stays float
};

// Indices of the nodes of `graph` that a selector selects, ascending.
std::vector<std::size_t> select(const Graph& graph, const Selector& selector);

// One line for each selector of the recipe that selects no node and may not: "overrides[2]: 'conv9'
// matches no node; did you mean 'conv8'?".
// `others`: nodes of the network that are not in the graph, which may be what is meant.
std::vector<std::string> unmatched_selectors(const Graph& graph, const Recipe& recipe,
                                             std::span<const Node> others = {});

// One a node. Overrides apply in order, the last match wins field by field.
std::vector<NodeSettings> node_settings(const Graph& graph, const Recipe& recipe);

}  // namespace gradus
