// The way back from the form of graph/fused.h to the normal form of graph/normal_form.h, so that a
// network trained here in float can be exported, or prepared anew with another recipe.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// Attached batch norms and fused clamps become nodes of their own again. Values keep their names,
// constants too; folded batch norms and merged pads stay as they are.
// Throws LogicError if the graph has quantizers.
void unfuse(Graph& graph);

}  // namespace gradus
