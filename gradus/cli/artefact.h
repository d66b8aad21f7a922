// What a path given to a command is, and what it takes to use it: a float or a quantized .onnx, a
// RUN folder, a model.gradus, a .safetensors file. What has quantizers is loaded by
// integer_network.h.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gradus/data/data_spec.h"
#include "gradus/data/dataset.h"
#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"

namespace gradus {

enum class ArtefactKind { kOnnx, kQuantizedOnnx, kRun, kModel, kCheckpoint };

// Told by what lies there: a folder is a RUN, a file that begins with the magic of model.gradus a
// model, a name that ends in .safetensors a checkpoint, else ONNX; one in which an operator says
// how values are quantized, or computes with codes, is a quantized one. Throws Error (kNotFound) if
// nothing is there.
ArtefactKind artefact_kind(const std::string& path);

using Metadata = std::map<std::string, std::string>;

// A network before any quantizer, with where its pixels come from.
struct FloatNetwork {
  Graph graph;
  Metadata metadata;  // "data.mean" and so on, if it has been trained here
};
// From an .onnx file, or from the RUN of a float training. Throws Error (kInvalidArgument) for
// anything else.
FloatNetwork load_float_network(const std::string& path);

// A recipe from a YAML file; else one of recipes/ by name, e.g. "w4a4-qat"; else a preset such as
// "w4a4".
Recipe recipe_from(const std::string& path_or_preset);

// The data of a SPEC, with the preprocessing that `metadata` remembers where the SPEC gives none.
DataSpec data_spec_from(const std::string& text, const Metadata& metadata);
// What later commands need to know of the data.
void remember_data(const Dataset& data, Metadata& metadata);

// What an artefact made of a quantized network keeps of how it came to be: the recipe if there was
// one, what it came to ("recipe.resolved"), and the gradus that wrote it ("written_by").
void remember_origin(const Graph& prepared, const Recipe* recipe, Metadata& metadata);

// Throws Error (kInvalidArgument) if pictures and the network's input differ in shape.
void require_matching_input(const Graph& graph, const Dataset& data, const std::string& path);

}  // namespace gradus
