#include "gradus/prepare/check_network.h"

#include <algorithm>
#include <set>

#include "gradus/base/error.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/node_settings.h"
#include "gradus/prepare/prepare.h"

namespace gradus {

std::string to_string(const Problem& problem) {
  std::string text;
  if (!problem.node.empty()) {
    text = "node '" + problem.node + "' (" + problem.op;
    if (!problem.shape.empty()) text += ", " + to_string(problem.shape);
    text += "): ";
  }
  text += problem.found;
  if (!problem.remedy.empty()) text += "; " + problem.remedy;
  return text + " [" + problem.rule + "]";
}

Problem problem_of(const std::string& rule, const Error& error) {
  // "node 'conv1' (Conv): what was found; what to do"
  const std::string text = error.what();
  const std::size_t name_end = text.find("' (");
  const std::size_t op_end = text.find("): ", name_end);
  if (!text.starts_with("node '") || op_end == std::string::npos) {
    return {rule, "", "", {}, text, ""};
  }
  return {rule, text.substr(6, name_end - 6), text.substr(name_end + 3, op_end - name_end - 3),
          {},   text.substr(op_end + 3),      ""};
}

namespace {

// The selectors that match nothing as problems; what is left of the recipe.
Recipe without_unmatched(const Graph& imported, const Recipe& recipe,
                         std::span<const Node> left_out, std::vector<Problem>& problems) {
  Recipe usable = recipe;
  if (recipe.overrides.empty() && recipe.ignored_scope.empty()) return usable;
  Recipe without;
  without.quantize = false;
  Graph fused = imported;
  std::vector<Error> errors;  // come again
  ErrorSink sink(errors);
  sink.attempt([&] { prepare(fused, without, sink); });
  for (const std::string& line : unmatched_selectors(fused, recipe, left_out)) {
    problems.push_back({"selector", "", "", {}, line, ""});
  }
  std::erase_if(usable.overrides,
                [&](const Override& rule) { return select(fused, Selector(rule.select)).empty(); });
  std::erase_if(usable.ignored_scope,
                [&](const std::string& scope) { return select(fused, Selector(scope)).empty(); });
  return usable;
}

}  // namespace

NetworkReport examine_network(const Graph& imported, const Recipe& recipe,
                              const NotNormalized& rest) {
  NetworkReport report;
  std::vector<Problem>& problems = report.problems;
  Graph graph = imported;
  std::vector<Error> errors;
  ErrorSink sink(errors);
  const Recipe usable = without_unmatched(imported, recipe, rest.left_out, problems);
  const bool whole = sink.attempt([&] { prepare(graph, usable, sink); });
  for (const Error& error : errors) {
    Problem problem = problem_of("prepare", error);
    if (!rest.guessed.contains(problem.node)) problems.push_back(std::move(problem));
  }
  if (!whole) return report;
  // Weights alone are quantized for their size; nobody asked for an integer network.
  const bool integers = std::any_of(graph.values.begin(), graph.values.end(), [](const Value& v) {
    return !v.constant && v.quantizer != kNoQuantizer;
  });
  if (!integers) return report;
  report.islands = islands(graph);
  // On a guess only what does not depend on it: that integers do not know the operator.
  std::set<std::string> unknown;
  for (const Node& node : graph.nodes) {
    if (rest.guessed.contains(node.name) && find_integer_op(graph, node) == nullptr) {
      unknown.insert(node.name);
    }
  }
  std::erase_if(report.islands, [&](const Island& island) {
    return rest.guessed.contains(island.node) && !unknown.contains(island.node);
  });
  for (Island& island : report.islands) {
    if (unknown.contains(island.node)) island.refusal.clear();
  }
  for (const Island& island : report.islands) {
    if (recipe.islands && island.refusal.empty()) continue;
    const std::string also =
        island.refusal.empty() ? "" : " (nor in float: " + island.refusal + ")";
    problems.push_back({"integer-form", island.node, island.op, island.shape, island.reason + also,
                        island.remedy});
  }
  return report;
}

std::vector<Problem> check_network(const Graph& imported, const Recipe& recipe) {
  return examine_network(imported, recipe).problems;
}

}  // namespace gradus
