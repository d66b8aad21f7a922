// Which values of a network become codes, which of them share a quantizer, and whose settings each
// gets.
#pragma once

#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/prepare/node_settings.h"

namespace gradus {

struct QuantizerGroup {
  std::vector<ValueId> members;  // ascending
  TensorSettings settings;
};

// A value becomes codes if an integer node computes with it, or if its producer cannot leave it as
// float. What a pass-through node reads and writes is one group; so are the inputs and the output
// of a Concat, for those inputs that only it reads. A group's settings are those of the Conv or
// Gemm that reads it with the most bits; else of the other integer node with the most; else of its
// producer.
std::vector<QuantizerGroup> plan_quantizers(const Graph& graph,
                                            const std::vector<NodeSettings>& settings);

}  // namespace gradus
