#include "gradus/cli/integer_network.h"

#include <utility>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qmodel/file.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

IntegerSource from_run(const std::string& path, const std::string& requantize) {
  LoadedRun run = load_run(path);
  if (!run.recipe.quantize) {
    throw Error(ErrorCode::kInvalidArgument,
                path + ": is a float training; quantize it first (gradus quantize or train)");
  }
  if (!requantize.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                path + ": is a RUN, which has --requantize in its recipe (numerics); leave it out");
  }
  remember_origin(run.graph, &run.recipe, run.metadata);
  return {path,
          std::move(run.graph),
          {run.recipe.profile, std::move(run.metadata), run.recipe.islands}};
}

// Weights alone are quantized for their size; no layer of such a network computes with codes.
void require_codes(const Graph& graph) {
  for (const Value& value : graph.values) {
    if (!value.constant && value.quantizer != kNoQuantizer) return;
  }
  throw Error(ErrorCode::kUnsupported,
              "only its weights are quantized; expected QuantizeLinear behind "
              "activations too: quantize it with both");
}

IntegerSource from_onnx(const std::string& path, std::string requantize) {
  QuantizedNetwork network = import_quantized_onnx(path);
  // What gradus has exported says which arithmetic it was trained for.
  const auto said = network.metadata.find("requantize");
  if (requantize.empty()) requantize = said == network.metadata.end() ? "ieee32" : said->second;
  Profile profile;
  try {
    profile = profile_from_name(requantize);
    prepare_quantized(network.graph, network.integers);
    require_codes(network.graph);
  } catch (const Error& error) {
    throw Error(error.code(), path + ": " + error.what());
  }
  network.metadata.erase("requantize");
  remember_origin(network.graph, nullptr, network.metadata);
  return {path, std::move(network.graph), {profile, std::move(network.metadata), true}};
}

}  // namespace

IntegerSource load_integer_source(const std::string& path, const std::string& requantize) {
  switch (artefact_kind(path)) {
    case ArtefactKind::kRun:
      return from_run(path, requantize);
    case ArtefactKind::kOnnx:  // the import says what is missing
    case ArtefactKind::kQuantizedOnnx:
      return from_onnx(path, requantize);
    case ArtefactKind::kModel:
      throw Error(ErrorCode::kInvalidArgument,
                  path + ": is converted already; expected a RUN folder or a quantized .onnx");
    case ArtefactKind::kCheckpoint:
      break;
  }
  throw Error(ErrorCode::kInvalidArgument,
              path + ": is a checkpoint; give the RUN folder it lies in");
}

QModel convert_source(const IntegerSource& source, ConvertReport* report) {
  try {
    return convert(source.graph, source.options, report);
  } catch (const Error& error) {
    throw Error(error.code(), source.path + ": " + error.what());
  }
}

QModel load_integer_network(const std::string& path) {
  if (artefact_kind(path) == ArtefactKind::kModel) return load_model(path);
  return convert_source(load_integer_source(path));
}

}  // namespace gradus
