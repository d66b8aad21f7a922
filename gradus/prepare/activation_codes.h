// The codes of an activation, for conversion and for evaluation while training.
#pragma once

#include <cstdint>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/quant/activation_table.h"

namespace gradus {

// numerics.md (22) for a group of form kActivation (groups.h): the output's code for every code of
// the input's grid, one table, or one a channel. Tables that are all the same are given once.
// Throws Error (kUnsupported), naming the node, if a result is not a number.
std::vector<std::int32_t> activation_codes(const Graph& graph, const Node& root,
                                           const ActivationQuantizer& input,
                                           const ActivationQuantizer& output);

}  // namespace gradus
