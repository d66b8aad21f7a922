#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/cli/command.h"
#include "gradus/cli/inspection.h"
#include "gradus/cli/integer_network.h"
#include "gradus/cli/text.h"
#include "gradus/qmodel/file.h"

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

void run(const Options& options, Console& console) {
  IntegerSource source = load_integer_source(options.source, options.requantize);
  if (options.no_islands) source.options.islands = false;
  ConvertReport report;
  const QModel model = convert_source(source, &report);
  const auto bytes = serialize(model);
  save_model(model, options.output);
  show_layers(report, console);
  for (const Island& island : islands(source.graph)) show_island(island, console);
  const auto before = static_cast<double>(report.float_bytes);
  const auto after = static_cast<double>(bytes.size());
  console.result(
      "converted",
      {{"output", json_text(options.output)},
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
  app.add_option(
      "--requantize", options->requantize,
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
