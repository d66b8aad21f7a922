#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/text.h"
#include "gradus/cli/training/training_session.h"
#include "gradus/prepare/prepare.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string recipe;
  std::string data;
  std::string output;
  bool resume = false;
  bool no_test = false;
  int threads = 0;
  int epochs = -1;
  double lr = -1.0;
  int batch_size = -1;
  std::int64_t seed = -1;
  double checkpoint_seconds = 60.0;
  std::int64_t checkpoint_steps = 0;
};

void apply_flags(const Options& options, Recipe& recipe) {
  if (options.epochs >= 0) recipe.training.epochs = options.epochs;
  if (options.lr >= 0) recipe.training.lr = options.lr;
  if (options.batch_size > 0) recipe.training.batch_size = options.batch_size;
  if (options.seed >= 0) recipe.training.seed = static_cast<std::uint64_t>(options.seed);
}

DataSpec training_spec(const Options& options, const Recipe& recipe, const Metadata& metadata) {
  const std::string text = !options.data.empty() ? options.data : recipe.data.value_or("");
  if (!text.empty()) return with_augmentation(data_spec_from(text, metadata), recipe.augmentation);
  throw Error(ErrorCode::kInvalidArgument, "no data: give --data SPEC, or `data:` in the recipe");
}

// The RUN, new or resumed; fills graph, recipe and metadata from what lies in it.
LoadedRun open_run(const Options& options, Console& console) {
  const bool exists = std::filesystem::exists(options.output);
  if (exists && !options.resume) {
    throw Error(
        ErrorCode::kInvalidArgument,
        options.output + ": exists; expected a new folder: choose another, or add --resume");
  }
  if (exists) {
    LoadedRun run = load_run_for_training(options.output);
    if (!options.recipe.empty()) {
      Recipe given = recipe_from(options.recipe);
      apply_flags(options, given);
      if (to_yaml(given) != to_yaml(run.recipe)) {
        throw Error(ErrorCode::kInvalidArgument,
                    options.output + ": was begun with another recipe than " + options.recipe +
                        "; resume without -r, or train into another folder");
      }
    }
    console.line("resuming " + options.output);
    return run;
  }
  if (options.model.empty() || options.recipe.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "a new training needs a network and a recipe (-r)");
  }
  FloatNetwork network = load_float_network(options.model);
  LoadedRun run;
  run.recipe = recipe_from(options.recipe);
  apply_flags(options, run.recipe);
  const auto data =
      open_training_data(training_spec(options, run.recipe, network.metadata), 0, false);
  require_matching_input(network.graph, *data.train, options.model);
  run.metadata = describe_session(run.recipe, *data.train, options.model);
  run.graph = network.graph;
  prepare(run.graph, run.recipe);  // what cannot be trained is said before a folder is made
  create_run(options.output, network.graph, run.recipe, run.metadata);
  return run;
}

void run(const Options& options, Console& console) {
  LoadedRun run = open_run(options, console);
  const TrainingData data =
      open_training_data(training_spec(options, run.recipe, run.metadata),
                         run.recipe.training.validation_images, !options.no_test);
  require_matching_input(run.graph, *data.train, options.output);
  RunOptions settings;
  settings.state_file = options.output + "/state.safetensors";
  settings.resume = options.resume;
  settings.threads = options.threads;
  settings.checkpoint_seconds = options.checkpoint_seconds;
  settings.checkpoint_steps = options.checkpoint_steps;
  const TrainResult result =
      train(run.graph, run.recipe, data.view(), settings, training_callbacks(console));
  save_run_state(options.output, run.graph);
  console.result(
      "trained",
      {{"run", json_text(options.output)},
       {"chosen_epoch", json_number(std::int64_t{result.chosen_epoch})},
       {"steps", json_number(result.steps)}},
      fmt::format(
          "{}: trained, epoch {} kept; next: gradus {}", options.output, result.chosen_epoch,
          run.recipe.quantize ? fmt::format("convert {} -o model.gradus", options.output)
                              : fmt::format("train {} -r w4a4 --data ... -o ...", options.output)));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("model", options->model, "A float .onnx, or the RUN folder of a float training");
  app.add_option("-r,--recipe", options->recipe,
                 "A recipe file, or a preset: float, w8a8, w4a4, w2a2, w1a2, ...");
  app.add_option("--data", options->data,
                 "Data SPEC, e.g. cifar10:DIR; its training split is used");
  app.add_option("-o,--output", options->output, "The RUN folder to write")->required();
  app.add_flag("--resume", options->resume, "Continue the RUN where it stopped, to the same bits");
  app.add_flag("--no-test", options->no_test, "Do not report accuracy on the test split");
  app.add_option("--epochs", options->epochs, "Instead of the recipe's")
      ->check(CLI::Range(0, 100000));
  app.add_option("--lr", options->lr, "Instead of the recipe's")->check(CLI::Range(0.0, 1000.0));
  app.add_option("--batch-size", options->batch_size, "Instead of the recipe's")
      ->check(CLI::Range(1, 65536));
  app.add_option("--seed", options->seed, "Instead of the recipe's")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62));
  app.add_option("--threads", options->threads, "Threads (0: all cores)")
      ->check(CLI::Range(0, 256));
  app.add_option("--checkpoint-seconds", options->checkpoint_seconds,
                 "Write the resumable state that often (0: at the end of epochs)")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  app.add_option("--checkpoint-steps", options->checkpoint_steps,
                 "Write it every so many steps too (0: by time)")
      ->check(CLI::Range(0, 1000000));
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command train_command() {
  return {"train", "Train a float network, or teach it few bits (QAT)",
          "  gradus train net.onnx -r w4a4 --data cifar10:DIR -o RUN\n"
          "  gradus train net.onnx -r recipe.yaml --data cifar10:DIR -o RUN --epochs 5\n"
          "  gradus train -o RUN --data cifar10:DIR --resume\n",
          declare};
}

}  // namespace gradus
