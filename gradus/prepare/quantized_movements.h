// Reshapes, transpositions and their like in a network that came quantized.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// Takes out each Quant that reads what was only moved since it was rounded onto the same grid, and that only
// further movements read: it changes nothing, and between a reshape to five dimensions and the next, as in a
// channel shuffle, it would keep them from being one gather (prepare/groups.h).
void drop_quants_between_movements(Graph& graph);

}  // namespace gradus
