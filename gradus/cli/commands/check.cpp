#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/text.h"
#include "gradus/prepare/check_network.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string recipe;
};

void run(const Options& options, Console& console) {
  const FloatNetwork network = load_float_network(options.model);
  const Recipe recipe = recipe_from(options.recipe);
  const auto problems = check_network(network.graph, recipe);
  for (const auto& problem : problems) {
    console.result("problem",
                   {{"node", json_text(problem.node)}, {"op", json_text(problem.op)},
                    {"rule", json_text(problem.rule)}, {"found", json_text(problem.found)},
                    {"remedy", json_text(problem.remedy)}},
                   to_string(problem));
  }
  if (!problems.empty()) {
    throw Error(ErrorCode::kUnsupported, fmt::format("{}: {} problem{} with {}", options.model,
                                                     problems.size(), problems.size() == 1 ? "" : "s",
                                                     options.recipe));
  }
  console.result("checked", {{"problems", "0"}},
                 fmt::format("{}: every node can be trained and run as {} asks", options.model,
                             options.recipe));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("model", options->model, "A float .onnx")->required();
  app.add_option("-r,--recipe", options->recipe, "A recipe file, or a preset such as w4a4")->required();
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command check_command() {
  return {"check", "Name every problem of a network and a recipe, before any work",
          "  gradus check net.onnx -r w4a4\n"
          "  gradus check net.onnx -r recipe.yaml\n",
          declare};
}

}  // namespace gradus
