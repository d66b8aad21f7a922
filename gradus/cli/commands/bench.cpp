#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/bench_model.h"
#include "gradus/cli/command.h"
#include "gradus/cli/layer_times.h"
#include "gradus/cli/text.h"
#include "gradus/cli/training/hand_over.h"
#include "gradus/cli/training/training.h"

namespace gradus {
namespace {

struct Options {
  std::string path;
  std::string recipe = "w8a8";
  std::string float_model;
  std::string isa;
  int threads = 1;
  int batch = 1;
  double seconds = 3.0;
  bool why = false;
};

std::string percent(double part, double whole) {
  return whole > 0 ? fmt::format("{:.0f} %", 100.0 * part / whole) : "";
}

void show_layers(const ModelTime& time, int threads, bool why, Console& console) {
  const double peak = time.peak_gmacs * threads;
  std::vector<std::vector<std::string>> rows = {
      {"layer", "operator", "ms", "GMAC/s", "of peak", "kernel"}};
  for (const auto& layer : time.layers) {
    const bool counts = layer.info.macs > 0;
    rows.push_back(
        {layer.info.name, layer.info.op, fmt::format("{:.4f}", layer.ms),
         counts ? fmt::format("{:.1f}", layer.gmacs) : "", counts ? percent(layer.gmacs, peak) : "",
         why && !layer.info.refusals.empty() ? layer.info.kernel + " (" + layer.info.refusals + ")"
                                             : layer.info.kernel});
    if (console.mode() != Console::Mode::kJson) continue;
    console.result("layer",
                   {{"name", json_text(layer.info.name)},
                    {"op", json_text(layer.info.op)},
                    {"ms", json_number(layer.ms)},
                    {"gmacs", json_number(layer.gmacs)},
                    {"kernel", json_text(layer.info.kernel)},
                    {"refusals", json_text(layer.info.refusals)}},
                   "");
  }
  console.line(table_text(rows));
}

// Whether the float network is timed too: where it is known and libtorch is at hand. That it was
// asked for by name and cannot be is an error.
bool times_float(const Options& options) {
  const ArtefactKind kind = artefact_kind(options.path);
  const bool known = !options.float_model.empty() ||
                     (kind != ArtefactKind::kModel && kind != ArtefactKind::kQuantizedOnnx);
  if (!known || linked_training() != nullptr) return known;
  if (!options.float_model.empty() || !program_with_training().empty()) {
    throw NeedsTraining(
        "--float: this gradus was built without training, which runs float networks; "
        "leave --float out");
  }
  return false;
}

void show_float(const Options& options, const BenchModel& subject, Isa isa, Console& console) {
  const Speed speed = linked_training()->measure_speed(
      subject.model, *subject.network, options.threads, options.batch, isa, options.seconds);
  console.result(
      "float",
      {{"float_ms", json_number(speed.float_ms)}, {"integer_ms", json_number(speed.integer_ms)}},
      fmt::format("float on libtorch: {:.3f} ms an image beside {:.3f} ms of integers, in "
                  "turns: {:.2f} times as fast",
                  speed.float_ms, speed.integer_ms, speed.float_ms / speed.integer_ms));
}

void run(const Options& options, Console& console) {
  const Isa isa = options.isa.empty() ? active_isa() : isa_from_name(options.isa);
  const bool beside = times_float(options);  // first: another program may take over
  const BenchModel subject = bench_model(options.path, options.recipe, options.float_model);
  const ModelTime time =
      time_model(subject.model, options.threads, options.batch, isa, options.seconds);
  show_layers(time, options.threads, options.why, console);
  const double gmacs = static_cast<double>(time.macs) / time.ms * 1e-6;
  const double peak = time.peak_gmacs * options.threads;
  console.result(
      "bench",
      {{"isa", json_text(isa_name(isa))},
       {"threads", json_number(std::int64_t{options.threads})},
       {"batch", json_number(std::int64_t{options.batch})},
       {"ms", json_number(time.ms)},
       {"gmacs", json_number(gmacs)},
       {"peak_gmacs", json_number(peak)}},
      fmt::format(
          "{}: {:.3f} ms an image, {:.1f} GMAC/s, {} of the measured int8 peak of {:.0f} GMAC/s "
          "({}, {} thread{}, batch {})",
          options.path, time.ms, gmacs, percent(gmacs, peak), peak, isa_name(isa), options.threads,
          options.threads == 1 ? "" : "s", options.batch));
  if (beside) show_float(options, subject, isa, console);
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("path", options->path,
                 "A model.gradus, a RUN folder, a quantized .onnx, or a float one (quantized by "
                 "--recipe on "
                 "random pictures: for its speed, not its accuracy)")
      ->required();
  app.add_option("-r,--recipe", options->recipe, "For a float .onnx: a recipe file or a preset")
      ->capture_default_str();
  app.add_option(
      "--float", options->float_model,
      "The float .onnx to time beside what came quantized (known for a RUN and a float .onnx)");
  app.add_option("--threads", options->threads, "Threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--batch", options->batch, "Images at a time")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--seconds", options->seconds, "How long to measure")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("--isa", options->isa, "Instruction set (the best one, unless given)");
  app.add_flag("--why", options->why, "Say why a faster kernel was passed over");
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command bench_command() {
  return {"bench", "Time every layer, with the machine's peak and float beside it",
          "  gradus bench model.gradus\n"
          "  gradus bench resnet18.onnx -r w4a4 --threads 2\n"
          "  gradus bench model.gradus --float net.onnx --isa avx2 --why\n",
          declare};
}

}  // namespace gradus
