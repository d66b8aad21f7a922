// Recipes: what is taken comes back from being written, and a network can be checked against it.
#include "gradus/recipe/recipe.h"
#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/prepare/check_network.h"

namespace gradus::fuzz {
namespace {

void run(Bytes bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Recipe recipe = parse_recipe(text, "fuzzed.yaml");
  const std::string written = to_yaml(recipe);
  require(parse_recipe(written, "written again") == recipe, "a recipe does not come back: " + text);
  static const Graph network = small_network();
  check_network(network, recipe);
}

std::vector<std::string> seeds() {
  std::vector<std::string> files;
  for (const char* preset : {"w4a4", "w8a32", "float"}) {
    files.push_back(to_yaml(preset_recipe(preset)));
  }
  files.push_back(
      "version: 1\n"
      "defaults: {weights: {bits: 4, estimator: lsq}, activations: {bits: 4, signed: true}}\n"
      "overrides:\n"
      "  - {select: 'conv*', weights: {bits: 8}}\n"
      "  - {select: 're:^fc.*$', optional: true, activations: {observer: mse}}\n"
      "ignored_scope: ['type:Concat']\n"
      "training: {epochs: 3, lr: 1.0e-3, schedule: step, milestones: [0.5, 0.75]}\n");
  return files;
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds, .many_lines = true}; }

}  // namespace gradus::fuzz
