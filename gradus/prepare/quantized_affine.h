// Batch norms, and products and sums with one constant a channel, in a network that came quantized.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// Those that follow a layer whose weights are codes become one batch norm, if a product is among
// them: their gain and offset are computed in double and rounded to float once. PyTorch exports a
// convolution that was trained on few bits together with its batch norm so: it divides by what the
// weights were multiplied with.
void join_affine_chains(Graph& graph);

// A batch norm that reads codes, as behind a concatenation, is a function of them, one a channel:
// it becomes a product and a sum with constants, gain and offset of docs/numerics.md (7), which
// integers compute as a table. Others stay: they join the layer before them. `graph` has Quant
// nodes.
void spell_out_batch_norms(Graph& graph);

}  // namespace gradus
