#include "gradus/quant/activation_table.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {

std::vector<float> reals_of_codes(const ActivationQuantizer& quantizer) {
  std::vector<float> reals;
  for (std::int32_t c = quantizer.grid.quant_min; c <= quantizer.grid.quant_max; ++c) {
    reals.push_back(dequantize(c, quantizer.scale, quantizer.zero_point));
  }
  return reals;
}

std::vector<std::int32_t> activation_table(std::span<const float> results,
                                           const ActivationQuantizer& output, std::int32_t low,
                                           std::int32_t high, const std::string& where) {
  std::vector<std::int32_t> table;
  for (float result : results) {
    if (std::isnan(result)) {
      throw Error(ErrorCode::kUnsupported,
                  where +
                      ": is not a number for every code of its input; expected a function of "
                      "all numbers that its input's quantizer can hold");
    }
    table.push_back(
        std::clamp(quantize(result, output.scale, output.zero_point, output.grid), low, high));
  }
  return table;
}

}  // namespace gradus
