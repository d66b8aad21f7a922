// Part of normalize(): what exporters write as arithmetic after a layer goes into the layer.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

// An Add of a constant a channel after a Conv, Gemm or BatchNormalization becomes its bias (beta),
// and a Mul after a BatchNormalization part of gamma and beta, in float32, where nothing else sees
// the layer's own output. (A Mul after a Conv would change its weights: it stays.) The nodes that
// did it are gone; the values they made are the layer's.
void absorb_affine(Graph& graph);

}  // namespace gradus
