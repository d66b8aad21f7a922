#include "gradus/quant/requantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr std::int32_t kMin32 = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMax32 = std::numeric_limits<std::int32_t>::max();

}  // namespace

const char* profile_name(Profile profile) noexcept {
  return profile == Profile::kIeee32 ? "ieee32" : "fixed31";
}

Profile profile_from_name(const std::string& name) {
  if (name == "ieee32") return Profile::kIeee32;
  if (name == "fixed31") return Profile::kFixed31;
  throw Error(ErrorCode::kInvalidArgument,
              "requantize is '" + name + "'; expected ieee32 or fixed31");
}

FixedMultiplier fixed_multiplier(double real) {
  check(std::isfinite(real) && std::fabs(real) < 0x1p31, "fixed multiplier out of range");
  if (real == 0.0) return {};
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  auto mantissa = static_cast<std::int64_t>(std::llround(fraction * 0x1p31));
  if (mantissa == (std::int64_t{1} << 31) || mantissa == -(std::int64_t{1} << 31)) {
    mantissa /= 2;
    ++exponent;
  }
  // Below this, every int32 times the multiplier rounds to zero.
  if (exponent < -31) return {};
  return {static_cast<std::int32_t>(mantissa), exponent};
}

std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b) noexcept {
  if (a == kMin32 && b == kMin32) return kMax32;
  const std::int64_t product = static_cast<std::int64_t>(a) * b;
  const std::int64_t nudge = product >= 0 ? (std::int64_t{1} << 30) : 1 - (std::int64_t{1} << 30);
  return static_cast<std::int32_t>((product + nudge) / (std::int64_t{1} << 31));
}

std::int32_t rounding_divide_by_power_of_two(std::int32_t x, int exponent) noexcept {
  const std::int64_t mask = (std::int64_t{1} << exponent) - 1;
  const std::int64_t remainder = x & mask;
  const std::int64_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return static_cast<std::int32_t>((static_cast<std::int64_t>(x) >> exponent) +
                                   (remainder > threshold ? 1 : 0));
}

std::int32_t multiply_by_fixed(std::int32_t acc, FixedMultiplier m) noexcept {
  std::int64_t shifted = acc;
  if (m.shift > 0) {
    shifted = std::clamp<std::int64_t>(shifted * (std::int64_t{1} << m.shift), kMin32, kMax32);
  }
  const std::int32_t high =
      saturating_rounding_doubling_high_mul(static_cast<std::int32_t>(shifted), m.multiplier);
  return rounding_divide_by_power_of_two(high, m.shift < 0 ? -m.shift : 0);
}

std::int32_t Requantizer::operator()(std::int32_t acc, std::size_t channel) const noexcept {
  if (profile == Profile::kIeee32) {
    const float m = multiplier[multiplier.size() == 1 ? 0 : channel];
    const float product = static_cast<float>(acc) * m;
    // Clamped first: the limits are integers, so the code is the same and always fits an int32.
    const float clamped = std::min(std::max(product, static_cast<float>(low - zero_point)),
                                   static_cast<float>(high - zero_point));
    return static_cast<std::int32_t>(std::nearbyintf(clamped)) + zero_point;
  }
  const std::int64_t scaled = multiply_by_fixed(acc, fixed[fixed.size() == 1 ? 0 : channel]);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(scaled + zero_point, low, high));
}

Requantizer make_requantizer(Profile profile, std::span<const double> accumulator_scale,
                             float output_scale, std::int32_t zero_point, std::int32_t low,
                             std::int32_t high) {
  check(low <= high, "requantizer with an empty code range");
  Requantizer result;
  result.profile = profile;
  result.zero_point = zero_point;
  result.low = low;
  result.high = high;
  for (double scale : accumulator_scale) {
    const float ieee = static_cast<float>(scale) / output_scale;
    const double real = scale / static_cast<double>(output_scale);
    if (!std::isfinite(ieee) || (profile == Profile::kFixed31 && std::fabs(real) >= 0x1p31)) {
      throw Error(ErrorCode::kUnsupported,
                  "the multiplier from accumulator to output is " + std::to_string(real) +
                      "; expected below 2^31: the output's scale is too small for its input");
    }
    if (profile == Profile::kIeee32) {
      result.multiplier.push_back(ieee);
    } else {
      result.fixed.push_back(fixed_multiplier(real));
    }
  }
  return result;
}

}  // namespace gradus
