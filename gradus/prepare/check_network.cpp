#include "gradus/prepare/check_network.h"

#include <algorithm>

#include "gradus/base/error.h"
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

NetworkReport examine_network(const Graph& imported, const Recipe& recipe) {
  NetworkReport report;
  std::vector<Problem>& problems = report.problems;
  Graph graph = imported;
  Recipe usable = recipe;
  try {
    // Selectors first: those that match nothing would keep the last pass from running.
    Recipe without;
    without.quantize = false;
    Graph fused = imported;
    if (!recipe.overrides.empty() || !recipe.ignored_scope.empty()) prepare(fused, without);
    for (const std::string& line : unmatched_selectors(fused, recipe)) {
      problems.push_back({"selector", "", "", {}, line, ""});
    }
    std::erase_if(usable.overrides, [&](const Override& rule) {
      return select(fused, Selector(rule.select)).empty();
    });
    std::erase_if(usable.ignored_scope,
                  [&](const std::string& scope) { return select(fused, Selector(scope)).empty(); });
    prepare(graph, usable);
  } catch (const Error& error) {
    problems.push_back({"prepare", "", "", {}, error.what(), ""});
    return report;
  }
  // Weights alone are quantized for their size; nobody asked for an integer network.
  const bool integers = std::any_of(graph.values.begin(), graph.values.end(), [](const Value& v) {
    return !v.constant && v.quantizer != kNoQuantizer;
  });
  if (!integers) return report;
  report.islands = islands(graph);
  for (const Island& island : report.islands) {
    if (recipe.islands && island.refusal.empty()) continue;
    const std::string also = island.refusal.empty() ? "" : " (nor in float: " + island.refusal + ")";
    problems.push_back({"integer-form", island.node, island.op, island.shape,
                        island.reason + also, island.remedy});
  }
  return report;
}

std::vector<Problem> check_network(const Graph& imported, const Recipe& recipe) {
  return examine_network(imported, recipe).problems;
}

}  // namespace gradus
