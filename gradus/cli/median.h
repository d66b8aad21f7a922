// The median, by which repeated timings are told: one slow run does not move it.
#pragma once

#include <algorithm>
#include <vector>

namespace gradus {

// The middle of `values`, the upper one of two; there must be one.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace gradus
