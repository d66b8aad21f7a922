#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/text.h"
#include "gradus/convert/convert.h"
#include "gradus/qmodel/file.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

struct Options {
  std::string run;
  std::string output;
};

void show_layers(const ConvertReport& report, Console& console) {
  std::vector<std::vector<std::string>> rows = {{"layer", "operator", "bits", "float", "integer"}};
  for (const auto& layer : report.layers) {
    rows.push_back({layer.name, layer.op, std::to_string(layer.weight_bits),
                    format_bytes(static_cast<double>(layer.float_bytes)),
                    format_bytes(static_cast<double>(layer.integer_bytes))});
  }
  console.line(table_text(rows));
}

void run(const Options& options, Console& console) {
  const LoadedRun loaded = load_run(options.run);
  if (!loaded.recipe.quantize) {
    throw Error(ErrorCode::kInvalidArgument,
                options.run + ": is a float training; quantize it first (gradus quantize or train)");
  }
  ConvertOptions settings;
  settings.profile = loaded.recipe.profile;
  settings.metadata = loaded.metadata;
  settings.metadata["recipe"] = to_yaml(loaded.recipe);
  ConvertReport report;
  const QModel model = convert(loaded.graph, settings, &report);
  const auto bytes = serialize(model);
  save_model(model, options.output);
  show_layers(report, console);
  const auto before = static_cast<double>(report.float_bytes);
  const auto after = static_cast<double>(bytes.size());
  console.result("converted", {{"output", json_text(options.output)},
                               {"float_bytes", json_number(report.float_bytes)},
                               {"bytes", json_number(static_cast<std::int64_t>(bytes.size()))}},
                 fmt::format("{}: {} of float parameters, now a file of {} ({:.1f} times smaller)",
                             options.output, format_bytes(before), format_bytes(after), before / after));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("run", options->run, "A RUN folder of quantize or train")->required();
  app.add_option("-o,--output", options->output, "The model.gradus to write")->required();
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command convert_command() {
  return {"convert", "Turn a RUN into an integer network, model.gradus",
          "  gradus convert RUN -o model.gradus\n", declare};
}

}  // namespace gradus
