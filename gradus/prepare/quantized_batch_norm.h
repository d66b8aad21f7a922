// Batch norms of a network that came quantized.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// One that reads codes, as behind a concatenation, is a function of them, one a channel: it becomes a product
// and a sum with constants, gain and offset of docs/numerics.md (7), which integers compute as a table. Others
// stay: they join the layer before them. `graph` has Quant nodes.
void spell_out_batch_norms(Graph& graph);

}  // namespace gradus
