// Reshapes, transpositions and their like in a network that came quantized.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// Takes out what rounds values again that are on the same grid already, which changes nothing: a Quant that
// reads another, and one between movements of more than four dimensions, as in a channel shuffle, which it would
// keep from being one gather (prepare/groups.h).
void drop_repeated_quants(Graph& graph);

}  // namespace gradus
