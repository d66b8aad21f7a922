// The RUN folder: everything that a training or a quantization leaves behind, and all that later
// commands need.
//   model.onnx              the float network it began with
//   recipe.yaml             the recipe, every key
//   metadata.json           where it came from, the data's preprocessing: text by key
//   checkpoint.safetensors  its result: what training changes in the prepared graph
//   state.safetensors       while training: what makes it resumable (train/train.h)
#pragma once

#include <map>
#include <string>

#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"

namespace gradus {

struct LoadedRun {
  Graph graph;  // prepared
  Recipe recipe;
  std::map<std::string, std::string> metadata;
};

// Makes a new RUN of a network in normal form, without result; the folder appears whole or not at
// all. Throws Error: kInvalidArgument if something is there already, kNotFound if it cannot be made
// there, kFailed if the disk is full.
void create_run(const std::string& folder, const Graph& network, const Recipe& recipe,
                const std::map<std::string, std::string>& metadata);

// Writes the result, whole or not at all, with checksums of the files that it belongs to.
// `prepared` is the RUN's graph, calibrated or trained.
void save_run_state(const std::string& folder, const Graph& prepared);

// The RUN with its result in the graph.
// Throws Error, one line that names the file: kNotFound if the RUN, a file of it, or its result is
// missing, kInvalidFile or kInvalidArgument if a file is damaged, was changed after the result was
// saved, or they do not belong together.
LoadedRun load_run(const std::string& folder);

// The RUN as its training began: the graph prepared, without result. Throws as load_run does.
LoadedRun load_run_for_training(const std::string& folder);

// The network that a float training gave, in normal form again; `recipe` and `metadata` are filled
// if not null. Throws as load_run does, and Error (kInvalidArgument) if the RUN was quantized.
Graph load_trained_float(const std::string& folder, Recipe* recipe,
                         std::map<std::string, std::string>* metadata);

}  // namespace gradus
