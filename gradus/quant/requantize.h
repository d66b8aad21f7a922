// Requantization: from an int32 accumulator to the code of the next tensor. Two profiles, both
// exact specifications (docs/numerics.md section 5); every kernel equals these functions code for
// code.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradus {

enum class Profile {
  kIeee32,   // clamp(rint(float(acc) * multiplier) + zero_point), each operation rounded once
  kFixed31,  // 31-bit multiplier with double rounding: TFLite, CMSIS-NN (Jacob 1712.05877v1)
};
const char* profile_name(Profile profile) noexcept;
// Throws Error (kInvalidArgument) naming the known profiles.
Profile profile_from_name(const std::string& name);

// A real multiplier as multiplier * 2^(shift - 31); |multiplier| in [2^30, 2^31) or 0.
struct FixedMultiplier {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;  // > 0 shifts left before the multiplication, < 0 right after it
  bool operator==(const FixedMultiplier&) const = default;
};
// `real` finite, |real| < 2^31. A magnitude below 2^-32 becomes 0. (numerics.md (12))
FixedMultiplier fixed_multiplier(double real);

// gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT (numerics.md (13), (14)).
std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b) noexcept;
std::int32_t rounding_divide_by_power_of_two(std::int32_t x, int exponent) noexcept;
// acc * multiplier * 2^(shift - 31); a left shift saturates to int32 (numerics.md (15)).
std::int32_t multiply_by_fixed(std::int32_t acc, FixedMultiplier m) noexcept;

// Everything the output stage of an integer operator needs. `multiplier` and `fixed` have one
// entry, or one a channel; only the profile's own vector is filled.
struct Requantizer {
  Profile profile = Profile::kIeee32;
  std::vector<float> multiplier;
  std::vector<FixedMultiplier> fixed;
  std::int32_t zero_point = 0;
  std::int32_t low = 0;  // inclusive clamp, in codes: the grid cut by a fused activation
  std::int32_t high = 255;

  std::int32_t operator()(std::int32_t acc, std::size_t channel) const noexcept;
  bool operator==(const Requantizer&) const = default;
};

// For an accumulator worth accumulator_scale[c] and an output quantizer (scale, zero_point): ieee32
// multiplier = float(accumulator_scale) / output_scale, one float division (numerics.md (10));
// fixed31 from the double quotient. Throws Error (kUnsupported) if a multiplier is not finite or,
// in fixed31, is 2^31 or more.
Requantizer make_requantizer(Profile profile, std::span<const double> accumulator_scale,
                             float output_scale, std::int32_t zero_point, std::int32_t low,
                             std::int32_t high);

}  // namespace gradus
