// What a recipe came to for one network: the quantizer of every value, nothing left open. Kept in
// every artefact beside the recipe, so that a later default cannot change what it meant.
#pragma once

#include <string>

#include "gradus/graph/graph.h"

namespace gradus {

// YAML, one line for all values whose quantizers are alike, in the order of the graph:
//   - {bits: 8, signed: true, symmetric: true, narrow_range: true, per_channel: true,
//      estimator: ste, observer: minmax, of: ["conv1.weight", "fc.weight"]}
// Empty if nothing is quantized.
std::string resolved_quantizers(const Graph& prepared);

}  // namespace gradus
