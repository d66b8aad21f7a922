#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/engine_accuracy.h"
#include "gradus/cli/text.h"
#include "gradus/cli/training/speed.h"
#include "gradus/cli/training/training_session.h"
#include "gradus/cli/training/verification.h"
#include "gradus/convert/convert.h"
#include "gradus/data/source.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"
#include "gradus/qmodel/file.h"
#include "gradus/run/run.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

struct Options {
  std::string output = "gradus-quickstart";
  std::string bits = "w2a2";
  int float_epochs = 24;
  int epochs = 12;
  std::uint64_t seed = 1;
};

constexpr const char* kData = "synthetic:shapes";

struct Report {
  Accuracy float_accuracy;
  Accuracy ptq;
  Accuracy qat;
};

Graph build_network(const Options& options) {
  for (const auto& model : zoo_models()) {
    if (std::string(model.name) != "small") continue;
    ZooOptions zoo;
    zoo.seed = options.seed;
    return model.build(zoo);
  }
  throw LogicError("the zoo has no model 'small'");
}

// Trains `network` as `recipe` says into `folder`; returns the run as it ended.
LoadedRun train_into(const std::string& folder, const Graph& network, const Recipe& recipe,
                     const TrainingData& data, Console& console, Accuracy* ptq) {
  LoadedRun run;
  run.graph = network;
  run.recipe = recipe;
  run.metadata = describe_session(recipe, *data.train, "quickstart");
  prepare(run.graph, recipe);
  create_run(folder, network, recipe, run.metadata);
  RunOptions settings;
  settings.state_file = folder + "/state.safetensors";
  const TrainResult result =
      train(run.graph, recipe, data.view(), settings, training_callbacks(console));
  if (ptq != nullptr && result.ptq) *ptq = *result.ptq;
  save_run_state(folder, run.graph);
  return run;
}

void run(const Options& options, Console& console) {
  namespace fs = std::filesystem;
  if (fs::exists(options.output)) {
    throw Error(
        ErrorCode::kInvalidArgument,
        options.output + ": exists; expected a new folder: remove it, or give another with -o");
  }
  fs::create_directories(options.output);
  const auto at = [&](const char* name) { return options.output + "/" + name; };
  Report report;

  console.line("1. A float network learns ten shapes on generated pictures");
  const Graph network = build_network(options);
  export_onnx(network, at("small.onnx"));
  const TrainingData data = open_training_data(data_spec_from(kData, {}), 0, true);
  Recipe recipe = preset_recipe("float");
  recipe.training.epochs = options.float_epochs;
  recipe.training.lr = 0.1;
  recipe.training.weight_decay = 5e-4;
  recipe.training.warmup_epochs = 1;
  recipe.training.seed = options.seed;
  LoadedRun trained = train_into(at("float"), network, recipe, data, console, nullptr);
  EvalOptions eval;
  eval.mode = EvalMode::kFloat;
  report.float_accuracy = evaluate(trained.graph, *data.test, eval);

  console.line("2. Quantized to " + options.bits + ": calibrated alone (PTQ), then trained (QAT)");
  Metadata ignored;
  const Graph float_network = load_trained_float(at("float"), &recipe, &ignored);
  recipe = preset_recipe(options.bits);
  recipe.training.epochs = options.epochs;
  recipe.training.lr = 0.02;
  // So few steps on 2 bits: the statistics move to the end.
  recipe.bn_freeze_at = 1.0;
  recipe.training.seed = options.seed;
  LoadedRun quantized =
      train_into(at("quantized"), float_network, recipe, data, console, &report.ptq);
  report.qat = evaluate(quantized.graph, *data.test, EvalOptions{});

  console.line("3. Converted to integers, and compared with the trained network code by code");
  ConvertOptions settings;
  settings.metadata = quantized.metadata;
  remember_origin(quantized.graph, &recipe, settings.metadata);
  ConvertReport sizes;
  const QModel model = convert(quantized.graph, settings, &sizes);
  save_model(model, at("model.gradus"));
  const auto bytes = static_cast<double>(fs::file_size(at("model.gradus")));
  const Verification found = verify(quantized.graph, model, *data.test, VerifyOptions{});
  const Accuracy shipped = engine_accuracy(model, *data.test, 0, 64, {});
  const Speed speed = measure_speed(model, float_network, 1, 1, active_isa(), 1.0);

  const auto percent = [](const Accuracy& a) { return accuracy_text(a.top1, a.images); };
  console.line("");
  console.line(table_text({{"", "accuracy on 10 shapes"},
                           {"float", percent(report.float_accuracy)},
                           {options.bits + " calibrated (PTQ)", percent(report.ptq)},
                           {options.bits + " trained (QAT)", percent(report.qat)},
                           {options.bits + " shipped (engine)", percent(shipped)}}));
  console.line(fmt::format("bytes     {} of float parameters -> {} ({:.1f} times smaller)",
                           format_bytes(static_cast<double>(sizes.float_bytes)),
                           format_bytes(bytes), static_cast<double>(sizes.float_bytes) / bytes));
  console.line(fmt::format(
      "speed     float (libtorch) {:.3f} ms, integers {:.3f} ms an image, one thread, "
      "{} ({:.1f} times faster)",
      speed.float_ms, speed.integer_ms, isa_name(active_isa()), speed.float_ms / speed.integer_ms));
  console.result("quickstart",
                 {{"float_top1", json_number(report.float_accuracy.top1)},
                  {"ptq_top1", json_number(report.ptq.top1)},
                  {"qat_top1", json_number(report.qat.top1)},
                  {"engine_top1", json_number(shipped.top1)},
                  {"float_bytes", json_number(sizes.float_bytes)},
                  {"bytes", json_number(bytes)},
                  {"float_ms", json_number(speed.float_ms)},
                  {"integer_ms", json_number(speed.integer_ms)},
                  {"differing", json_number(found.differing)}},
                 fmt::format("verified: {} differing codes of {} in {} tensors, {} images",
                             found.differing, found.codes, found.tensors, found.images));
  if (found.differing > 0) throw Error(ErrorCode::kDifference, "quickstart: " + found.first);
  console.line(
      fmt::format("\nIn {}: small.onnx, float/, quantized/, model.gradus. Look inside with "
                  "'gradus inspect {}'.",
                  options.output, at("model.gradus")));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("-o,--output", options->output, "The folder to write")->capture_default_str();
  app.add_option("--bits", options->bits, "Bits of weights and activations")->capture_default_str();
  app.add_option("--float-epochs", options->float_epochs, "Epochs of the float training")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--epochs", options->epochs, "Epochs of the training on few bits")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seed", options->seed, "Seed")->capture_default_str();
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command quickstart_command() {
  return {"quickstart", "The whole way on generated pictures, in minutes, with a report",
          "  gradus quickstart\n"
          "  gradus quickstart --bits w4a4 -o somewhere\n",
          declare};
}

}  // namespace gradus
