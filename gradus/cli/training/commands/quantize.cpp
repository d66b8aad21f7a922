#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/text.h"
#include "gradus/cli/training/training_session.h"
#include "gradus/data/source.h"
#include "gradus/prepare/prepare.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string recipe;
  std::string data;
  std::string output;
  std::string test_data;
  bool no_test = false;
};

void report_accuracy(const Graph& graph, const Recipe& recipe, const Dataset& test,
                     Console& console) {
  EvalOptions eval;
  eval.profile = recipe.profile;
  Accuracy accuracy[2];
  for (const EvalMode mode : {EvalMode::kFloat, EvalMode::kCodes}) {
    eval.mode = mode;
    Rate rate(console, mode == EvalMode::kFloat ? "evaluate float" : "evaluate integers");
    eval.progress = [&](std::int64_t done, std::int64_t total) { rate(done, total); };
    accuracy[mode == EvalMode::kFloat ? 0 : 1] = evaluate(graph, test, eval);
  }
  console.result(
      "accuracy",
      {{"float_top1", json_number(accuracy[0].top1)},
       {"integer_top1", json_number(accuracy[1].top1)},
       {"images", json_number(accuracy[1].images)}},
      fmt::format("float {}, quantized {}", accuracy_text(accuracy[0].top1, accuracy[0].images),
                  accuracy_text(accuracy[1].top1, accuracy[1].images)));
}

void run(const Options& options, Console& console) {
  if (std::filesystem::exists(options.output)) {
    throw Error(ErrorCode::kInvalidArgument,
                options.output + ": exists; expected a new folder: choose another");
  }
  FloatNetwork network = load_float_network(options.model);
  const Recipe recipe = recipe_from(options.recipe);
  if (!recipe.quantize) {
    throw Error(ErrorCode::kInvalidArgument, options.recipe +
                                                 ": does not quantize anything; expected "
                                                 "a recipe with bits, e.g. w8a8");
  }
  const DataSpec spec = data_spec_from(options.data, network.metadata);
  const auto data = open_dataset(spec, Split::kTrain);
  require_matching_input(network.graph, *data, options.model);
  Graph graph = network.graph;
  prepare(graph, recipe);
  Rate rate(console, "calibrate");
  calibrate(graph, recipe, *data,
            [&](std::int64_t done, std::int64_t total) { rate(done, total); });
  const Metadata metadata = describe_session(recipe, *data, options.model);
  create_run(options.output, network.graph, recipe, metadata);
  save_run_state(options.output, graph);
  if (!options.no_test) {
    DataSpec test = options.test_data.empty() ? spec : data_spec_from(options.test_data, metadata);
    if (options.test_data.empty()) test.split = Split::kTest;
    report_accuracy(graph, recipe, *open_dataset(test), console);
  }
  console.result("quantized", {{"run", json_text(options.output)}},
                 fmt::format("{}: calibrated; next: gradus convert {} -o model.gradus",
                             options.output, options.output));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("model", options->model, "A float .onnx, or the RUN folder of a float training")
      ->required();
  app.add_option("-r,--recipe", options->recipe,
                 "A recipe file, or a preset: w8a8, w8a32, w4a4, ...")
      ->required();
  app.add_option("--data", options->data,
                 "Data SPEC to calibrate on: its training split, unless told")
      ->required();
  app.add_option("-o,--output", options->output, "The RUN folder to write")->required();
  app.add_option("--test-data", options->test_data,
                 "Data SPEC to score on (the test split of --data, unless given)");
  app.add_flag("--no-test", options->no_test, "Do not score");
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command quantize_command() {
  return {"quantize", "Quantize without training: calibrate ranges on data (PTQ)",
          "  gradus quantize net.onnx -r w8a8 --data cifar10:DIR -o RUN\n"
          "  gradus quantize net.onnx -r w4a8 --data imagelist:LIST,limit=100 -o RUN --no-test\n",
          declare};
}

}  // namespace gradus
