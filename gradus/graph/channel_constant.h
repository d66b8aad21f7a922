// Constants that are one number a channel: what a sum or product with one does can be taken into
// the layer before it, at import (absorb_affine.h) and when a network is prepared.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

// The numbers, one for each of shape[1] channels, if `id` is a float32 constant that, spread over
// `shape` by numpy's rules, is the same all over a channel. Nothing otherwise, nor for a shape of
// less than two axes or of unknown channels.
std::optional<std::vector<float>> channel_constant(const Graph& graph, ValueId id,
                                                   const Shape& shape);

// How many channels all nodes together may have whose constants are taken into a layer by one pass;
// what is left stays a node. Real networks have some hundred thousand; a small file can claim any
// number.
constexpr std::int64_t kMostChannelsTaken = 1 << 22;

}  // namespace gradus
