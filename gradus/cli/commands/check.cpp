#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/inspection.h"
#include "gradus/cli/integer_network.h"
#include "gradus/cli/text.h"
#include "gradus/onnx/onnx.h"
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
                   {{"node", json_text(problem.node)},
                    {"op", json_text(problem.op)},
                    {"rule", json_text(problem.rule)},
                    {"found", json_text(problem.found)},
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

// The last line names one of them: it is all that some see.
[[noreturn]] void refuse(const Options& options, const std::vector<Problem>& problems) {
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{}: {} problem{}{}, {}{}", options.model, problems.size(),
                          problems.size() == 1 ? "" : "s",
                          options.recipe.empty() ? "" : " with " + options.recipe,
                          problems.size() == 1 ? "" : "the first: ", to_string(problems[0])));
}

// Whether it can be converted: by doing so, but all that would be refused as an island is named.
void check_quantized(const Options& options, Console& console) {
  const IntegerSource source = load_integer_source(options.model);
  const std::vector<Island> found = islands(source.graph);
  std::vector<Problem> problems;
  for (const Island& island : found) {
    if (island.refusal.empty()) continue;
    problems.push_back({"integer-form", island.node, island.op, island.shape,
                        island.reason + " (nor in float: " + island.refusal + ")", island.remedy});
  }
  show(problems, console);
  if (!problems.empty()) refuse(options, problems);
  convert_source(source);
  // Last: what is wrong with the file comes first.
  if (!options.recipe.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                options.model + ": is quantized already, no recipe is for it; leave -r out");
  }
  for (const Island& island : found) show_island(island, console);
  console.result("checked", {{"problems", "0"}},
                 fmt::format("{}: can be converted and run, {} of its operators in float",
                             options.model, found.empty() ? "none" : std::to_string(found.size())));
}

ImportReport examined_network(const std::string& path) {
  if (artefact_kind(path) == ArtefactKind::kOnnx) return examine_onnx(path);
  return {{}, load_float_network(path).graph, {}};
}

void check_float(const Options& options, Console& console) {
  if (options.recipe.empty()) {
    throw Error(
        ErrorCode::kInvalidArgument,
        options.model + ": is no quantized .onnx, so what is asked of it needs a recipe: give -r");
  }
  Findings findings;
  auto& problems = findings.problems;
  const auto network = findings.tried("network", [&] { return examined_network(options.model); });
  const auto recipe = findings.tried("recipe", [&] { return recipe_from(options.recipe); });
  const std::size_t of_loading = problems.size();
  std::vector<Island> islands;
  if (network) {
    for (const Error& error : network->errors) problems.push_back(problem_of("network", error));
    // A recipe that cannot be read hides nothing of the network: it is held to the plain one.
    NetworkReport report =
        examine_network(network->graph, recipe.value_or(Recipe{}), network->rest);
    problems.insert(problems.end(), report.problems.begin(), report.problems.end());
    islands = std::move(report.islands);
  }
  // One file alone is at fault: said as every other command says it.
  if (findings.failures.size() == 1 && problems.size() == of_loading) throw findings.failures[0];
  if (problems.size() == 1 && network && network->errors.size() == 1) {
    throw Error(network->errors[0].code(), options.model + ": " + network->errors[0].what());
  }
  show(problems, console);
  if (!problems.empty()) refuse(options, problems);
  for (const Island& island : islands) show_island(island, console);
  console.result("checked", {{"problems", "0"}},
                 fmt::format("{}: every node can be trained and run as {} asks", options.model,
                             options.recipe));
}

void run(const Options& options, Console& console) {
  std::error_code ignored;
  const bool quantized = std::filesystem::exists(options.model, ignored) &&
                         artefact_kind(options.model) == ArtefactKind::kQuantizedOnnx;
  quantized ? check_quantized(options, console) : check_float(options, console);
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("model", options->model, "A float .onnx, or one that came quantized")->required();
  app.add_option("-r,--recipe", options->recipe,
                 "A recipe file, or a preset such as w4a4: what a float network is held to");
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command check_command() {
  return {"check", "Name every problem of a network, and of a recipe with it, before any work",
          "  gradus check net.onnx -r w4a4\n"
          "  gradus check net.onnx -r recipe.yaml\n"
          "  gradus check quantized.onnx\n",
          declare};
}

}  // namespace gradus
