// What Conv and Gemm have in common: weights, bias and output stage in integers.
#pragma once

#include <cstdint>
#include <vector>

#include "gradus/convert/lowering.h"

namespace gradus {

struct LoweredLinear {
  QWeights weights;  // rows of `taps` codes in the order of the graph's weights
  std::vector<std::int32_t> bias;
  QOutputStage output;
};

// Through make_integer_linear (docs/numerics.md section 4), with a separate batch norm as gain and
// offset. Throws Error (kUnsupported), naming node and channel, if an accumulator can overflow.
LoweredLinear lower_linear(const LoweringContext& context, const Node& node);

}  // namespace gradus
