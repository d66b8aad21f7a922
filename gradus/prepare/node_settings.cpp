#include "gradus/prepare/node_settings.h"

#include <algorithm>

#include "gradus/base/nearest_name.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }

// A layer in the sense of io:first and io:last; a batch norm made into a Conv is none.
bool is_layer(const Node& node) {
  return is_linear(node) && node.integer("from_batch_norm", 0) == 0;
}

std::vector<std::size_t> first_layers(const Graph& graph) {
  std::vector<bool> reached(graph.values.size(), false);
  for (ValueId id : graph.inputs) reached[index(id)] = true;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id != kNoValue && reached[index(id)];
    });
    if (!reads) continue;
    if (is_layer(node)) {
      found.push_back(i);
      continue;
    }
    for (ValueId id : node.outputs) {
      if (id != kNoValue) reached[index(id)] = true;
    }
  }
  return found;
}

std::vector<std::size_t> last_layers(const Graph& graph) {
  std::vector<bool> reaches(graph.values.size(), false);
  for (ValueId id : graph.outputs) reaches[index(id)] = true;
  std::vector<std::size_t> found;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const bool leads = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id != kNoValue && reaches[index(id)];
    });
    if (!leads) continue;
    if (is_layer(node)) {
      found.push_back(i);
      continue;
    }
    for (ValueId id : node.inputs) {
      if (id != kNoValue) reaches[index(id)] = true;
    }
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::string unmatched(const Graph& graph, const std::string& where, const std::string& select) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.name);
  std::string remedy;
  if (const std::string nearest = nearest_name(select, names); !nearest.empty()) {
    remedy = "did you mean '" + nearest + "'?";
  } else {
    remedy =
        "see the names with 'gradus inspect' (batch norms and activations have joined the layer "
        "before them)";
  }
  return where + ": '" + select + "' matches no node of the network; " + remedy;
}

}  // namespace

std::vector<std::size_t> select(const Graph& graph, const Selector& selector) {
  if (selector.kind() == Selector::Kind::kFirst) return first_layers(graph);
  if (selector.kind() == Selector::Kind::kLast) return last_layers(graph);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (selector.matches(graph.nodes[i].name, graph.nodes[i].op)) found.push_back(i);
  }
  return found;
}

std::vector<std::string> unmatched_selectors(const Graph& graph, const Recipe& recipe,
                                             std::span<const Node> others) {
  const auto matches = [&](const Selector& selector) {
    const bool by_place =
        selector.kind() == Selector::Kind::kFirst || selector.kind() == Selector::Kind::kLast;
    return !select(graph, selector).empty() ||
           std::any_of(others.begin(), others.end(), [&](const Node& node) {
             return by_place || selector.matches(node.name, node.op);
           });
  };
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < recipe.overrides.size(); ++i) {
    const Override& rule = recipe.overrides[i];
    if (rule.optional || matches(Selector(rule.select))) continue;
    lines.push_back(unmatched(graph, "overrides[" + std::to_string(i) + "]", rule.select));
  }
  for (std::size_t i = 0; i < recipe.ignored_scope.size(); ++i) {
    if (matches(Selector(recipe.ignored_scope[i]))) continue;
    lines.push_back(
        unmatched(graph, "ignored_scope[" + std::to_string(i) + "]", recipe.ignored_scope[i]));
  }
  return lines;
}

std::vector<NodeSettings> node_settings(const Graph& graph, const Recipe& recipe) {
  std::vector<TensorRecipe> weights(graph.nodes.size(), recipe.weights);
  std::vector<TensorRecipe> activations(graph.nodes.size(), recipe.activations);
  for (const Override& rule : recipe.overrides) {
    for (std::size_t i : select(graph, Selector(rule.select))) {
      weights[i] = merge(weights[i], rule.weights);
      activations[i] = merge(activations[i], rule.activations);
    }
  }
  std::vector<NodeSettings> settings;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    settings.push_back({weight_settings(weights[i]), activation_settings(activations[i]), false});
  }
  for (const std::string& scope : recipe.ignored_scope) {
    for (std::size_t i : select(graph, Selector(scope))) settings[i].ignored = true;
  }
  return settings;
}

}  // namespace gradus
