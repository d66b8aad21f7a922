#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/nearest_name.h"
#include "gradus/cli/command.h"
#include "gradus/graph/cost.h"
#include "gradus/onnx/onnx.h"
#include "gradus/recipe/named_recipes.h"
#include "gradus/recipe/schema.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string recipe;
  bool schema = false;
  std::string output;
  std::uint64_t seed = 1;
  std::int64_t classes = 0;
};

[[noreturn]] void refuse_name(const char* what, const std::string& name,
                              const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("{} '{}' is unknown; {}expected one of {}", what, name,
                  near.empty() ? "" : "did you mean '" + near + "'? ", fmt::join(known, ", ")));
}

const ZooModel& find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& model : zoo_models()) {
    if (name == model.name) return model;
    names.emplace_back(model.name);
  }
  refuse_name("model", name, names);
}

const NamedRecipe& find_recipe(const std::string& name) {
  if (const NamedRecipe* found = find_named_recipe(name)) return *found;
  std::vector<std::string> names;
  for (const auto& recipe : named_recipes()) names.push_back(recipe.name);
  refuse_name("recipe", name, names);
}

void write_model(const Options& options, Console& console) {
  const ZooModel& model = find_model(options.model);
  ZooOptions zoo;
  zoo.seed = options.seed;
  zoo.classes = options.classes;
  const Graph graph = model.build(zoo);
  export_onnx(graph, options.output);
  const Cost cost = graph_cost(graph);
  console.result("init",
                 {{"output", json_text(options.output)},
                  {"parameters", json_number(cost.parameters)},
                  {"macs", json_number(cost.macs)}},
                 fmt::format("{}: {}, {:.2f} M parameters, {:.1f} M multiply-adds an image",
                             options.output, model.name, static_cast<double>(cost.parameters) / 1e6,
                             static_cast<double>(cost.macs) / 1e6));
}

void write_recipe(const Options& options, Console& console) {
  const NamedRecipe& recipe = find_recipe(options.recipe);
  std::error_code ignored;
  // People change recipes by hand: one that is there may not be lost.
  if (std::filesystem::exists(options.output, ignored)) {
    throw Error(ErrorCode::kInvalidArgument,
                options.output + ": exists; expected a new file: choose another name");
  }
  write_file_atomically(options.output, recipe.text);
  console.result("init",
                 {{"output", json_text(options.output)}, {"recipe", json_text(recipe.name)}},
                 fmt::format("{}: {}", options.output, recipe.summary));
}

void run(const Options& options, Console& console) {
  const int asked =
      (options.model.empty() ? 0 : 1) + (options.recipe.empty() ? 0 : 1) + (options.schema ? 1 : 0);
  if (asked != 1) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("init: found {} things to write; expected one: a model, --recipe NAME or "
                    "--schema",
                    asked));
  }
  if (!options.model.empty()) return write_model(options, console);
  if (!options.recipe.empty()) return write_recipe(options, console);
  write_file_atomically(options.output, recipe_schema());
  console.result("init", {{"output", json_text(options.output)}},
                 options.output + ": the keys of a recipe, for editors");
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  std::string models;
  for (const auto& model : zoo_models()) {
    models += fmt::format("{}{} ({})", models.empty() ? "" : ", ", model.name, model.help);
  }
  std::string recipes;
  for (const auto& recipe : named_recipes()) {
    recipes += fmt::format("{}{} ({})", recipes.empty() ? "" : "; ", recipe.name, recipe.summary);
  }
  app.add_option("model", options->model, "A model of the zoo: " + models);
  app.add_option("-o,--output", options->output, "The file to write: .onnx, .yaml or .json")
      ->required();
  app.add_option("--recipe", options->recipe, "Write a recipe to change as you like: " + recipes);
  app.add_flag("--schema", options->schema,
               "Write the JSON schema of recipes, with which an editor completes and checks them");
  app.add_option("--seed", options->seed, "Seed of the random weights")->capture_default_str();
  app.add_option("--classes", options->classes, "Number of classes (0: as published)")
      ->check(CLI::Range(0, 100000));
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command init_command() {
  return {"init",
          "Write a model of the zoo, with random weights, as ONNX; or a recipe to begin from",
          "  gradus init resnet20 -o resnet20.onnx\n"
          "  gradus init small --classes 10 -o small.onnx\n"
          "  gradus init --recipe w4a4-qat -o my.yaml\n"
          "  gradus init --schema -o schema.json\n",
          declare};
}

}  // namespace gradus
