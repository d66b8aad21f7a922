// Constants that came quantized, on their way through operators that only move their elements.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// The quantizer of output 0 of `node`, of shape `result`, whose input 0 is a constant with one: the
// same codes in other places. One scale a slice is kept by operators that only give the axes other
// sizes (Reshape, Unsqueeze), where the slices stay such; then a quantizer may be added to the
// graph. kNoQuantizer where the node does more, or there is none.
QuantizerId moved_quantizer(Graph& graph, const Node& node, const Shape& result);

}  // namespace gradus
