#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qdq/to_qdq.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

struct Options {
  std::string source;
  std::string output;
  std::string format = "qdq";
};

struct Source {
  Graph graph;  // prepared
  Metadata metadata;
};

Source load_source(const std::string& path, bool floats) {
  const ArtefactKind kind = artefact_kind(path);
  if (kind == ArtefactKind::kRun) {
    LoadedRun run = load_run(path);
    remember_origin(run.graph, &run.recipe, run.metadata);
    if (run.recipe.quantize) run.metadata["requantize"] = profile_name(run.recipe.profile);
    return {std::move(run.graph), std::move(run.metadata)};
  }
  if (kind != ArtefactKind::kOnnx && kind != ArtefactKind::kQuantizedOnnx) {
    throw Error(ErrorCode::kInvalidArgument, path + ": expected a RUN folder or an .onnx");
  }
  if (kind == ArtefactKind::kQuantizedOnnx) {
    QuantizedNetwork network = import_quantized_onnx(path);
    // Biases of integers only mean something beside the quantizers.
    prepare_quantized(network.graph, floats ? IntegerConstants{} : network.integers);
    return {std::move(network.graph), std::move(network.metadata)};
  }
  Source source{import_onnx(path), {}};
  Recipe recipe;
  recipe.quantize = false;
  prepare(source.graph, recipe);
  return source;
}

void run(const Options& options, Console& console) {
  const bool floats = options.format == "float";
  Source source = load_source(options.source, floats);
  QdqGraph written;
  try {
    if (floats) {
      for (Value& value : source.graph.values) value.quantizer = kNoQuantizer;
      source.graph.quantizers.clear();
      source.metadata.erase("requantize");
    }
    written =
        to_qdq(source.graph, floats ? QdqFormat::kBytes : qdq_format_from_name(options.format));
  } catch (const Error& error) {
    throw Error(error.code(), options.source + ": " + error.what());
  }
  export_onnx(written.graph, options.output, {written.opset, source.metadata});
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(options.output));
  console.result("exported",
                 {{"output", json_text(options.output)},
                  {"opset", json_number(std::int64_t{written.opset})},
                  {"bytes", json_number(bytes)}},
                 fmt::format("{}: ONNX opset {}, {}", options.output, written.opset,
                             format_bytes(static_cast<double>(bytes))));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("source", options->source, "A RUN folder, or an .onnx")->required();
  app.add_option("-o,--output", options->output, "The .onnx to write")->required();
  app.add_option(
         "--format", options->format,
         "qdq: weights of 2, 4 and 8 bits packed; qcdq: all in 8 bits, for any runtime; float: "
         "batch norm folded, no quantizers")
      ->check(CLI::IsMember({"qdq", "qcdq", "float"}))
      ->capture_default_str();
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command export_command() {
  return {"export", "Write a RUN as ONNX, quantized or float",
          "  gradus export RUN -o out.onnx\n"
          "  gradus export RUN -o out.onnx --format qcdq\n"
          "  gradus export RUN -o out.onnx --format float\n",
          declare};
}

}  // namespace gradus
