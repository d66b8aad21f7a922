#include "gradus/quant/integer_pool.h"

#include "gradus/base/check.h"

namespace gradus {

IntegerAveragePool make_integer_average_pool(Profile profile, const ActivationQuantizer& input,
                                             const ActivationQuantizer& output, std::int32_t low,
                                             std::int32_t high, std::int32_t largest_count) {
  check(largest_count >= 1, "average over no element");
  std::vector<double> unit(static_cast<std::size_t>(largest_count));
  for (std::size_t i = 0; i < unit.size(); ++i) {
    unit[i] = average_unit(input.scale, static_cast<std::int64_t>(i) + 1);
  }
  return {make_requantizer(profile, unit, output.scale, output.zero_point, low, high),
          profile == Profile::kFixed31 && input == output};
}

}  // namespace gradus
