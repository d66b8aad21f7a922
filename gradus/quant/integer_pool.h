// The integers of an average pool, shared by the engine, its reference and the evaluation while
// training. docs/numerics.md (19). A maximum pool only compares codes and needs no arithmetic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gradus/quant/integer_linear.h"
#include "gradus/quant/requantize.h"

namespace gradus {

// What one unit of the sum over `count` elements is worth in the average:
// double(input scale) / double(count). count >= 1.
inline double average_unit(float input_scale, std::int64_t count) noexcept {
  return static_cast<double>(input_scale) / static_cast<double>(count);
}

// An average whose output leaves as float: float(sum) * float(average_unit), each rounded once.
// `sum` is the sum of code - zero_point over the window.
inline float average_to_float(std::int32_t sum, float input_scale, std::int64_t count) noexcept {
  return static_cast<float>(sum) * static_cast<float>(average_unit(input_scale, count));
}

// sum / count to the nearest integer, ties away from zero; count >= 1.
constexpr std::int64_t divide_half_away(std::int64_t sum, std::int64_t count) noexcept {
  return (sum >= 0 ? sum + count / 2 : sum - count / 2) / count;
}

// An average whose output is codes. The divisor depends on the place of the window (padding is not
// counted unless asked for), so there is one multiplier a divisor.
struct IntegerAveragePool {
  Requantizer requantizer;  // the entry for divisor n is n - 1
  // fixed31 between equal quantizers: codes are averaged by an integer division, without a
  // multiplier, which would round 1/3 up to 1 (numerics.md (30)).
  bool divides = false;

  // `sum` of code - input zero point over the window, 1 <= count <= the largest asked for.
  std::int32_t operator()(std::int32_t sum, std::int32_t count) const noexcept {
    if (!divides) return requantizer(sum, static_cast<std::size_t>(count - 1));
    const std::int64_t codes = sum + std::int64_t{count} * requantizer.zero_point;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(divide_half_away(codes, count),
                                                              requantizer.low, requantizer.high));
  }
};

// For divisors 1 .. largest_count. Throws Error (kUnsupported) as make_requantizer does.
IntegerAveragePool make_integer_average_pool(Profile profile, const ActivationQuantizer& input,
                                             const ActivationQuantizer& output, std::int32_t low,
                                             std::int32_t high, std::int32_t largest_count);

}  // namespace gradus
