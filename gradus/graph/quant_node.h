// The attributes of a node Quant (graph/ops/quant.cpp), checked.
#pragma once

#include <cstdint>

#include "gradus/graph/graph.h"

namespace gradus {

struct QuantNode {
  QuantizerSpec spec;  // per tensor
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  std::int32_t low = 0;  // codes that the result keeps between: the grid's ends, or inside them
  std::int32_t high = 255;
  bool operator==(const QuantNode&) const = default;
};

// Throws Error (kInvalidFile), naming the node, if the attributes are of no quantizer.
QuantNode read_quant_node(const Node& node);

}  // namespace gradus
