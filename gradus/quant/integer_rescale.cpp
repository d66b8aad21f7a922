#include "gradus/quant/integer_rescale.h"

#include <span>

namespace gradus {

IntegerRescale make_integer_rescale(Profile profile, const ActivationQuantizer& input,
                                    const ActivationQuantizer& output, std::int32_t low,
                                    std::int32_t high) {
  const double unit = static_cast<double>(input.scale);
  return {
      make_requantizer(profile, std::span(&unit, 1), output.scale, output.zero_point, low, high),
      input.zero_point};
}

}  // namespace gradus
