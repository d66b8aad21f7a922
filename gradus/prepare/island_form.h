// A node as an island: float operators amid the integers (docs/numerics.md section 9). Conversion
// writes what is made here, evaluation runs it.
#pragma once

#include <vector>

#include "gradus/floatops/float_call.h"
#include "gradus/graph/graph.h"

namespace gradus {

struct IslandForm {
  floatops::FloatCall call;     // of one image: a batch of 1
  std::vector<ValueId> inputs;  // of its data inputs, in order
};

// Weights with a quantizer are taken as dequantize(quantize(w)), a separate batch norm is
// multiplied into them (numerics.md (7)), a fused clamp becomes the call's. Throws Error
// (kUnsupported), naming the node, what was found and what was expected, if there is no such float
// operator, or if it computes across the batch.
IslandForm island_form(const Graph& graph, const Node& node);

}  // namespace gradus
