// The last step of prepare_quantized(): what Conv and Gemm demand of weights and biases.
#pragma once

#include "gradus/graph/graph.h"
#include "gradus/qdq/lift.h"

namespace gradus {

// Biases whose scale is input scale * weight scale, in float, become the int32 that they were.
// Throws Error (kUnsupported), naming the node, if the scales of weights do not lie along axis 0.
void finish_quantized_layers(Graph& graph, const IntegerConstants& integers);

}  // namespace gradus
