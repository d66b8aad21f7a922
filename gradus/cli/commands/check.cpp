#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <sstream>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/inspection.h"
#include "gradus/cli/text.h"
#include "gradus/prepare/check_network.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string recipe;
};

void show(const std::vector<Problem>& problems, Console& console) {
  for (const auto& problem : problems) {
    console.result("problem",
                   {{"node", json_text(problem.node)}, {"op", json_text(problem.op)},
                    {"rule", json_text(problem.rule)}, {"found", json_text(problem.found)},
                    {"remedy", json_text(problem.remedy)}},
                   to_string(problem));
  }
}

// Errors of loading, held back until everything has been looked at.
struct Findings {
  std::vector<Problem> problems;
  std::vector<Error> failures;

  template <typename Load>
  auto tried(const char* rule, Load&& load) -> std::optional<decltype(load())> {
    try {
      return load();
    } catch (const Error& error) {
      failures.push_back(error);
      std::istringstream lines(error.what());
      for (std::string line; std::getline(lines, line);) {
        problems.push_back({rule, "", "", {}, line, ""});
      }
      return std::nullopt;
    }
  }
};

void run(const Options& options, Console& console) {
  Findings findings;
  auto& problems = findings.problems;
  const auto network = findings.tried("network", [&] { return load_float_network(options.model); });
  const auto recipe = findings.tried("recipe", [&] { return recipe_from(options.recipe); });
  const std::size_t of_loading = problems.size();
  std::vector<Island> islands;
  if (network) {
    // A recipe that cannot be read hides nothing of the network: it is held to the plain one.
    NetworkReport report = examine_network(network->graph, recipe.value_or(Recipe{}));
    problems.insert(problems.end(), report.problems.begin(), report.problems.end());
    islands = std::move(report.islands);
  }
  // One file alone is at fault: said as every other command says it.
  if (findings.failures.size() == 1 && problems.size() == of_loading) throw findings.failures[0];
  show(problems, console);
  if (!problems.empty()) {
    throw Error(ErrorCode::kUnsupported, fmt::format("{}: {} problem{} with {}", options.model,
                                                     problems.size(), problems.size() == 1 ? "" : "s",
                                                     options.recipe));
  }
  for (const Island& island : islands) show_island(island, console);
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
