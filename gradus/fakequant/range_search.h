// The clipping range of least squared error, by search.
#pragma once

#include <algorithm>
#include <span>

#include "gradus/fakequant/fake_quant.h"
#include "gradus/quant/quantizer.h"

namespace gradus {

inline constexpr int kRangeSteps = 100;

// Tries 100 shrunken ranges, i/100 of `full` on both sides together, and keeps the one of least
// cost(Range), a double; the largest range of equals. Asymmetric ranges with two sides are then
// shrunk side by side likewise. `full`, which is not empty, is widened to contain 0.
template <typename Cost>
Range least_cost_range(Range full, const QuantizerSpec& spec, const Cost& cost) {
  full = {std::min(full.min, 0.0f), std::max(full.max, 0.0f)};
  const auto best_of = [&cost](const auto& range_at) {
    Range best = range_at(1.0f);
    double least = cost(best);
    for (int i = kRangeSteps - 1; i > 0; --i) {
      const Range candidate = range_at(static_cast<float>(i) / kRangeSteps);
      const double price = cost(candidate);
      if (price < least) {
        least = price;
        best = candidate;
      }
    }
    return best;
  };
  Range best = best_of([&](float part) { return Range{full.min * part, full.max * part}; });
  if (spec.symmetric || full.min == 0.0f || full.max == 0.0f) return best;
  best = best_of([&](float part) { return Range{best.min, full.max * part}; });
  return best_of([&](float part) { return Range{full.min * part, best.max}; });
}

// The range of least_cost_range() whose quantizer (choose_parameters) has the least sum of squared
// errors over `samples`. (Nagel et al., arXiv:2106.08295v1, section 3.1, the MSE range.) Returns
// `full` if there are no samples or it is empty.
Range search_range(std::span<const float> samples, Range full, const QuantizerSpec& spec);

}  // namespace gradus
