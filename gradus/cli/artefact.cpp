#include "gradus/cli/artefact.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "gradus/base/error.h"
#include "gradus/data/source.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/resolved.h"
#include "gradus/recipe/named_recipes.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

constexpr const char* kDataPrefix = "data.pixels.";

bool begins_with_magic(const std::string& path) {
  std::array<char, 4> start{};
  std::ifstream file(path, std::ios::binary);
  return file.read(start.data(), start.size()) && std::memcmp(start.data(), "GRDS", 4) == 0;
}

}  // namespace

ArtefactKind artefact_kind(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return ArtefactKind::kRun;
  if (!std::filesystem::exists(path, ignored)) {
    throw Error(ErrorCode::kNotFound,
                path + ": does not exist; expected a .onnx, a RUN folder or a model.gradus");
  }
  if (path.ends_with(".safetensors")) return ArtefactKind::kCheckpoint;
  if (path.ends_with(".gradus") || begins_with_magic(path)) return ArtefactKind::kModel;
  return is_quantized_onnx(path) ? ArtefactKind::kQuantizedOnnx : ArtefactKind::kOnnx;
}

FloatNetwork load_float_network(const std::string& path) {
  switch (artefact_kind(path)) {
    case ArtefactKind::kOnnx:
      return {import_onnx(path), {}};
    case ArtefactKind::kRun: {
      Recipe recipe;
      FloatNetwork network;
      network.graph = load_trained_float(path, &recipe, &network.metadata);
      return network;
    }
    case ArtefactKind::kQuantizedOnnx:
      throw Error(ErrorCode::kInvalidArgument,
                  path +
                      ": is quantized already; expected a float network: gradus convert makes a "
                      "model.gradus of it as it is, gradus export --format float a float network");
    default:
      throw Error(
          ErrorCode::kInvalidArgument,
          path + ": holds no float network; expected a .onnx or the RUN of a float training");
  }
}

Recipe recipe_from(const std::string& path_or_preset) {
  std::error_code ignored;
  const bool is_file =
      std::filesystem::exists(path_or_preset, ignored) &&
      !std::filesystem::is_directory(path_or_preset, ignored);  // a RUN called w4a4
  if (is_file) return load_recipe(path_or_preset);
  if (const NamedRecipe* named = find_named_recipe(path_or_preset)) {
    return parse_recipe(named->text, path_or_preset);
  }
  return preset_recipe(path_or_preset);
}

DataSpec data_spec_from(const std::string& text, const Metadata& metadata) {
  std::map<std::string, std::string> pixels;
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kDataPrefix)) pixels[key.substr(std::strlen(kDataPrefix))] = value;
  }
  const DataSpec given = parse_data_spec(text);
  if (pixels.empty()) return given;
  return merge(spec_of(preprocessing_from_key_values(pixels, "remembered preprocessing")), given);
}

void remember_data(const Dataset& data, Metadata& metadata) {
  for (const auto& [key, value] : to_key_values(data.info().preprocessing)) {
    metadata[kDataPrefix + key] = value;
  }
}

void remember_origin(const Graph& prepared, const Recipe* recipe, Metadata& metadata) {
  if (recipe != nullptr) metadata["recipe"] = to_yaml(*recipe);
  const std::string resolved = resolved_quantizers(prepared);
  if (!resolved.empty()) metadata["recipe.resolved"] = resolved;
  metadata["written_by"] = std::string("gradus ") + GRADUS_VERSION;
}

void require_matching_input(const Graph& graph, const Dataset& data, const std::string& path) {
  const auto& shape = graph.value(graph.inputs.at(0)).shape;
  require_feeds(data.shape(), shape.value_or(Shape{}), path);
}

}  // namespace gradus
