// The integers of a change of quantizer: of a tensor (QRescale, also a ReLU that stands alone) and
// of each input of a concatenation. docs/numerics.md (20).
#pragma once

#include <cstdint>

#include "gradus/quant/integer_linear.h"
#include "gradus/quant/requantize.h"

namespace gradus {

// code of the output = requantize(code - input zero point) with unit = double(input scale).
struct IntegerRescale {
  Requantizer requantizer;
  std::int32_t input_zero_point = 0;

  std::int32_t operator()(std::int32_t code) const noexcept {
    return requantizer(code - input_zero_point, 0);
  }
};

// Between equal quantizers the result is clamp(code, low, high) in both profiles (the multiplier is
// exactly 1), so an implementation may copy such an input when [low, high] is the whole grid.
// Throws Error (kUnsupported) as make_requantizer does.
IntegerRescale make_integer_rescale(Profile profile, const ActivationQuantizer& input,
                                    const ActivationQuantizer& output, std::int32_t low,
                                    std::int32_t high);

}  // namespace gradus
