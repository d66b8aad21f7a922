#include "gradus/cli/bench_model.h"

#include <fmt/format.h>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/integer_network.h"
#include "gradus/cli/training/training.h"
#include "gradus/convert/convert.h"
#include "gradus/data/source.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

BenchModel from_run(const std::string& path) {
  BenchModel result{load_integer_network(path), std::nullopt};
  result.network = import_onnx(path + "/model.onnx");
  return result;
}

BenchModel from_onnx(const std::string& path, const std::string& recipe_name) {
  const Training& training = require_training(
      path + ": this gradus was built without training; expected a model.gradus or a RUN");
  BenchModel result;
  result.network = import_onnx(path);
  Recipe recipe = recipe_from(recipe_name);
  recipe.calibration.images = 8;
  recipe.calibration.batch_size = 4;
  const auto& input = result.network->value(result.network->inputs.at(0));
  if (!input.shape || input.shape->size() != 4) {
    throw Error(ErrorCode::kUnsupported, path + ": its input is no picture [N, C, H, W]");
  }
  const Shape& shape = *input.shape;
  const auto data = open_dataset(
      parse_data_spec(fmt::format("random:{}x{}x{},limit=8", shape[1], shape[2], shape[3])),
      Split::kTrain);
  Graph graph = *result.network;
  prepare(graph, recipe);
  training.calibrate(graph, recipe, *data);
  ConvertOptions options;
  options.profile = recipe.profile;
  result.model = convert(graph, options);
  return result;
}

}  // namespace

BenchModel bench_model(const std::string& path, const std::string& recipe,
                       const std::string& float_path) {
  switch (artefact_kind(path)) {
    case ArtefactKind::kModel:
    case ArtefactKind::kQuantizedOnnx: {
      BenchModel result{load_integer_network(path), std::nullopt};
      if (!float_path.empty()) result.network = import_onnx(float_path);
      return result;
    }
    case ArtefactKind::kRun:
      return from_run(path);
    case ArtefactKind::kOnnx:
      return from_onnx(path, recipe);
    default:
      throw Error(ErrorCode::kInvalidArgument,
                  path + ": is a checkpoint; expected a model.gradus, a RUN folder or a .onnx");
  }
}

}  // namespace gradus
