#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/engine_accuracy.h"
#include "gradus/cli/integer_network.h"
#include "gradus/cli/text.h"
#include "gradus/cli/training/training.h"
#include "gradus/data/source.h"
#include "gradus/prepare/prepare.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

struct Options {
  std::string path;
  std::string data;
  std::string as;
  std::int64_t batch = 100;
  int threads = 0;
};

EvalMode mode_of(const std::string& as) {
  if (as == "float") return EvalMode::kFloat;
  return as == "fakequant" ? EvalMode::kFakeQuant : EvalMode::kCodes;
}

Accuracy evaluate_graph(const Options& options, ArtefactKind kind, std::string* as,
                        Console& console) {
  const Training& training =
      require_training(options.path +
                       ": this gradus was built without training, which evaluates "
                       "float networks; expected a model.gradus");
  Graph graph;
  Metadata metadata;
  EvalOptions eval;
  if (kind == ArtefactKind::kOnnx) {
    graph = load_float_network(options.path).graph;
    Recipe recipe = preset_recipe("float");
    prepare(graph, recipe);
    if (as->empty()) *as = "float";
    if (*as != "float") {
      throw Error(ErrorCode::kInvalidArgument, options.path +
                                                   ": is a float network, which has no --as " +
                                                   *as + "; quantize it first (gradus quantize)");
    }
  } else {
    LoadedRun run = load_run(options.path);
    graph = std::move(run.graph);
    metadata = run.metadata;
    eval.profile = run.recipe.profile;
    if (as->empty()) *as = run.recipe.quantize ? "integer" : "float";
    if (*as != "float" && !run.recipe.quantize) {
      throw Error(ErrorCode::kInvalidArgument, options.path +
                                                   ": is a float training, which has no --as " +
                                                   *as + "; quantize it first (gradus quantize)");
    }
  }
  const auto data = open_dataset(data_spec_from(options.data, metadata));
  require_matching_input(graph, *data, options.path);
  eval.mode = mode_of(*as);
  eval.batch_size = options.batch;
  eval.threads = options.threads;
  Rate rate(console, "evaluate");
  eval.progress = [&](std::int64_t done, std::int64_t total) { rate(done, total); };
  return training.evaluate(graph, *data, eval);
}

Accuracy evaluate_model(const Options& options, std::string* as, Console& console) {
  if (as->empty()) *as = "integer";
  if (*as != "integer") {
    const bool onnx = artefact_kind(options.path) == ArtefactKind::kQuantizedOnnx;
    throw Error(ErrorCode::kInvalidArgument,
                options.path + ": is an integer network, which has no --as " + *as +
                    (onnx ? "; gradus export --format float writes a float network of it"
                          : "; give its RUN folder instead"));
  }
  const QModel model = load_integer_network(options.path);
  const auto data = open_dataset(data_spec_from(options.data, model.metadata));
  Rate rate(console, "evaluate");
  return engine_accuracy(model, *data, options.threads, options.batch,
                         [&](std::int64_t done, std::int64_t total) { rate(done, total); });
}

void run(const Options& options, Console& console) {
  const ArtefactKind kind = artefact_kind(options.path);
  if (kind == ArtefactKind::kCheckpoint) {
    throw Error(ErrorCode::kInvalidArgument,
                options.path + ": is a checkpoint; give the RUN folder it lies in");
  }
  std::string as = options.as;
  Rate rate(console, "");
  const bool integers = kind == ArtefactKind::kModel || kind == ArtefactKind::kQuantizedOnnx;
  const Accuracy accuracy = integers ? evaluate_model(options, &as, console)
                                     : evaluate_graph(options, kind, &as, console);
  console.result("eval",
                 {{"as", json_text(as)},
                  {"images", json_number(accuracy.images)},
                  {"top1", json_number(accuracy.top1)},
                  {"top5", json_number(accuracy.top5)},
                  {"loss", json_number(accuracy.loss)},
                  {"seconds", json_number(rate.seconds())}},
                 fmt::format("{} as {}: top-1 {}, top-5 {:.2f} %, loss {:.4f}, {:.1f} s",
                             options.path, as, accuracy_text(accuracy.top1, accuracy.images),
                             100 * accuracy.top5, accuracy.loss, rate.seconds()));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("path", options->path,
                 "A float or quantized .onnx, a RUN folder or a model.gradus")
      ->required();
  app.add_option("--data", options->data, "Data SPEC, e.g. cifar10:DIR")->required();
  app.add_option("--as", options->as,
                 "float, fakequant, or integer (what the path is, unless given)")
      ->check(CLI::IsMember({"float", "fakequant", "integer"}));
  app.add_option("--batch", options->batch, "Images at a time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--threads", options->threads, "Threads (0: all cores)")
      ->check(CLI::Range(0, 256));
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command eval_command() {
  return {"eval", "Accuracy of a network on a data set",
          "  gradus eval net.onnx --data cifar10:DIR,mean=.485/.456/.406,std=.229/.224/.225\n"
          "  gradus eval RUN --data cifar10:DIR\n"
          "  gradus eval model.gradus --data cifar10:DIR --threads 2\n"
          "  gradus eval quantized.onnx --data cifar10:DIR\n",
          declare};
}

}  // namespace gradus
