// The integers of a prepared, calibrated graph by plain loops over its values in [batch, channels,
// height, width]: written from docs/numerics.md, to hold the converted network to.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/quant/requantize.h"

namespace gradus {

struct GraphTensor {
  std::vector<std::int32_t> codes;  // of a value with a quantizer
  std::vector<float> reals;         // of one without
};

// Every value that nodes make, and the input, by name.
std::map<std::string, GraphTensor> graph_codes(const Graph& graph, Profile profile,
                                               std::span<const float> image);

// Parameters for every quantizer: weights from their extremes (or mean), activations a range that
// `seed` draws, around [-1, 2] or [0, 2].
void calibrate_at_random(Graph& graph, std::uint64_t seed);

}  // namespace gradus
