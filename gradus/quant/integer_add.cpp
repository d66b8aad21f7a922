#include "gradus/quant/integer_add.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr int kLeftShift = 20;  // |a - za| <= 255 < 2^8: the shifted inputs stay below 2^28

}  // namespace

std::int32_t IntegerAdd::operator()(std::int32_t a, std::int32_t b) const noexcept {
  const std::int32_t da = a - input_zero_point[0];
  const std::int32_t db = b - input_zero_point[1];
  if (profile == Profile::kIeee32) {
    const float pa = static_cast<float>(da) * multiplier[0];
    const float pb = static_cast<float>(db) * multiplier[1];
    const float sum = pa + pb;
    const float clamped = std::min(std::max(sum, static_cast<float>(low - zero_point)),
                                   static_cast<float>(high - zero_point));
    return static_cast<std::int32_t>(std::nearbyintf(clamped)) + zero_point;
  }
  const std::int32_t scaled = multiply_by_fixed(da * (1 << kLeftShift), fixed[0]) +
                              multiply_by_fixed(db * (1 << kLeftShift), fixed[1]);
  const std::int64_t code =
      static_cast<std::int64_t>(multiply_by_fixed(scaled, fixed_output)) + zero_point;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(code, low, high));
}

IntegerAdd make_integer_add(Profile profile, const ActivationQuantizer& a,
                            const ActivationQuantizer& b, const ActivationQuantizer& output,
                            std::int32_t low, std::int32_t high, bool subtract) {
  IntegerAdd add;
  add.profile = profile;
  add.input_zero_point[0] = a.zero_point;
  add.input_zero_point[1] = b.zero_point;
  add.zero_point = output.zero_point;
  add.low = low;
  add.high = high;
  const float scales[2] = {a.scale, b.scale};
  const double twice_larger = 2.0 * static_cast<double>(std::max(a.scale, b.scale));
  const double real_output =
      twice_larger / (static_cast<double>(1 << kLeftShift) * static_cast<double>(output.scale));
  for (int i = 0; i < 2; ++i) {
    add.multiplier[i] = scales[i] / output.scale;
    add.fixed[i] = fixed_multiplier(static_cast<double>(scales[i]) / twice_larger);
    // Bounded, so that the two products cannot be infinities of opposite signs.
    if (!(add.multiplier[i] < 0x1p31f)) {
      throw Error(ErrorCode::kUnsupported,
                  "an addition's output scale " + std::to_string(output.scale) +
                      " is too small for its input's " + std::to_string(scales[i]));
    }
  }
  if (!(real_output < 0x1p31)) {
    throw Error(ErrorCode::kUnsupported, "an addition's output scale is too small for its inputs");
  }
  if (subtract) {
    add.multiplier[1] = -add.multiplier[1];
    add.fixed[1].multiplier = -add.fixed[1].multiplier;
  }
  add.fixed_output = fixed_multiplier(real_output);
  return add;
}

}  // namespace gradus
