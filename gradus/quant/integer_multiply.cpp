#include "gradus/quant/integer_multiply.h"

#include <span>

namespace gradus {

IntegerMultiply make_integer_multiply(Profile profile, const ActivationQuantizer& a,
                                      const ActivationQuantizer& b,
                                      const ActivationQuantizer& output, std::int32_t low,
                                      std::int32_t high) {
  const double unit = static_cast<double>(a.scale) * static_cast<double>(b.scale);
  return {
      make_requantizer(profile, std::span(&unit, 1), output.scale, output.zero_point, low, high),
      {a.zero_point, b.zero_point}};
}

}  // namespace gradus
