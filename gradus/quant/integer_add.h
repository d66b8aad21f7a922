// The integers of an addition or subtraction of two quantized tensors. docs/numerics.md section 6.
#pragma once

#include <cstdint>

#include "gradus/quant/integer_linear.h"
#include "gradus/quant/requantize.h"

namespace gradus {

struct IntegerAdd {
  Profile profile = Profile::kIeee32;
  // ieee32: multiplier[i] = scale[i] / output scale, in float; of a subtraction the second negated.
  float multiplier[2] = {0, 0};
  // fixed31: inputs scaled by 2^20 and brought to twice the larger scale (TFLite's add).
  FixedMultiplier fixed[2];
  FixedMultiplier fixed_output;
  std::int32_t input_zero_point[2] = {0, 0};
  std::int32_t zero_point = 0;
  std::int32_t low = 0;
  std::int32_t high = 255;

  // ieee32: clamp(rint(float(a - za) * ma + float(b - zb) * mb) + zy), both products and the sum
  // rounded to float once each.
  std::int32_t operator()(std::int32_t a, std::int32_t b) const noexcept;
};

// Throws Error (kUnsupported) if a multiplier is 2^31 or more.
IntegerAdd make_integer_add(Profile profile, const ActivationQuantizer& a,
                            const ActivationQuantizer& b, const ActivationQuantizer& output,
                            std::int32_t low, std::int32_t high, bool subtract = false);

}  // namespace gradus
