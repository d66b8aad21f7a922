#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/inspection.h"
#include "gradus/cli/text.h"
#include "gradus/convert/convert.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qmodel/file.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

struct Options {
  std::string source;
  std::string output;
  std::string requantize;
  bool no_islands = false;
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

struct Source {
  Graph graph;
  ConvertOptions options;
};

Source from_run(const Options& options) {
  LoadedRun loaded = load_run(options.source);
  if (!loaded.recipe.quantize) {
    throw Error(ErrorCode::kInvalidArgument,
                options.source +
                    ": is a float training; quantize it first (gradus quantize or train)");
  }
  if (!options.requantize.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "--requantize is for a quantized .onnx; a RUN has it in its recipe (numerics)");
  }
  remember_origin(loaded.graph, &loaded.recipe, loaded.metadata);
  return {std::move(loaded.graph),
          {loaded.recipe.profile, std::move(loaded.metadata),
           loaded.recipe.islands && !options.no_islands}};
}

Source from_onnx(const Options& options) {
  QuantizedNetwork network = import_quantized_onnx(options.source);
  try {
    prepare_quantized(network.graph, network.integers);
  } catch (const Error& error) {
    throw Error(error.code(), options.source + ": " + error.what());
  }
  // What gradus has exported says which arithmetic it was trained for.
  std::string name = options.requantize;
  if (name.empty()) name = network.metadata.contains("requantize") ? network.metadata["requantize"] : "ieee32";
  network.metadata.erase("requantize");
  remember_origin(network.graph, nullptr, network.metadata);
  return {std::move(network.graph),
          {profile_from_name(name), std::move(network.metadata), !options.no_islands}};
}

// What integers cannot compute is told with the file that asks for it.
QModel integers_of(const Source& source, const Options& options, ConvertReport* report) {
  try {
    return convert(source.graph, source.options, report);
  } catch (const Error& error) {
    throw Error(error.code(), options.source + ": " + error.what());
  }
}

void run(const Options& options, Console& console) {
  const bool is_run = artefact_kind(options.source) == ArtefactKind::kRun;
  const Source source = is_run ? from_run(options) : from_onnx(options);
  ConvertReport report;
  const QModel model = integers_of(source, options, &report);
  const auto bytes = serialize(model);
  save_model(model, options.output);
  show_layers(report, console);
  for (const Island& island : islands(source.graph)) show_island(island, console);
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
  app.add_option("source", options->source,
                 "A RUN folder of quantize or train, or an .onnx that another tool quantized")
      ->required();
  app.add_option("-o,--output", options->output, "The model.gradus to write")->required();
  app.add_option("--requantize", options->requantize,
                 "Of an .onnx: ieee32 (as ONNX computes) or fixed31 (as TFLite); what gradus exported "
                 "says it itself, else ieee32");
  app.add_flag("--no-islands", options->no_islands,
               "Refuse a network in which an operator would run in float");
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command convert_command() {
  return {"convert", "Turn a RUN or a quantized .onnx into an integer network, model.gradus",
          "  gradus convert quantized.onnx -o model.gradus\n"
          "  gradus convert RUN -o model.gradus\n",
          declare};
}

}  // namespace gradus
