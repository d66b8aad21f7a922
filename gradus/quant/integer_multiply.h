// The integers of a product of two quantized tensors. docs/numerics.md (21).
#pragma once

#include <cstdint>

#include "gradus/quant/integer_linear.h"
#include "gradus/quant/requantize.h"

namespace gradus {

// code = requantize((a - za) * (b - zb)) with unit = double(scale a) * double(scale b).
struct IntegerMultiply {
  Requantizer requantizer;  // one multiplier
  std::int32_t input_zero_point[2] = {0, 0};

  std::int32_t operator()(std::int32_t a, std::int32_t b) const noexcept {
    return requantizer((a - input_zero_point[0]) * (b - input_zero_point[1]), 0);
  }
};

// Throws Error (kUnsupported) as make_requantizer does.
IntegerMultiply make_integer_multiply(Profile profile, const ActivationQuantizer& a,
                                      const ActivationQuantizer& b,
                                      const ActivationQuantizer& output, std::int32_t low,
                                      std::int32_t high);

}  // namespace gradus
