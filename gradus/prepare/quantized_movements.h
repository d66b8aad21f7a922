// Reshapes, transpositions and their like in a network that came quantized: what is on a grid stays
// on it.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// Values that are on a grid though nothing says so become codes: what a Relu leaves of codes, and
// what movements of more than four dimensions end with. ONNX Runtime's networks of codes have both.
// The Quant that is added changes no value.
void round_what_is_on_a_grid(Graph& graph);

// Takes out what rounds values again that are on the same grid already, which changes nothing: a
// Quant that reads another, and one between movements of more than four dimensions, as in a channel
// shuffle, which it would keep from being one gather (prepare/groups.h).
void drop_repeated_quants(Graph& graph);

}  // namespace gradus
