// Small artefacts of every kind that gradus writes, made without training: what seeds are made of.
#pragma once

#include <cstdint>
#include <string>

#include "gradus/graph/graph.h"
#include "gradus/qmodel/qmodel.h"
#include "gradus/recipe/recipe.h"

namespace gradus::fuzz {

// A float network in normal form that takes [batch, channels, 8, 8] and has convolutions, pools,
// joins and moves of every common kind.
Graph small_network(std::int64_t channels = 3);

// small_network() prepared by `recipe`, with made-up ranges.
Graph small_prepared(const Recipe& recipe, std::int64_t channels = 3);

QModel small_model(const std::string& preset, std::int64_t channels = 3);

// A RUN folder of small_network(), with its result.
void write_small_run(const std::string& folder, const std::string& preset);

// A folder of this process alone, removed when it ends.
const std::string& private_folder();
// Writes `bytes` to the file `name` of it and returns the path.
std::string private_file(const std::string& name, const std::string& bytes);

}  // namespace gradus::fuzz
