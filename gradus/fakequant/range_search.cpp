#include "gradus/fakequant/range_search.h"

#include <algorithm>

#include "gradus/fakequant/loops.h"

namespace gradus {
namespace {

constexpr int kSteps = 100;

double error_of(std::span<const float> samples, Range range, const QuantizerSpec& spec) {
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  choose_parameters(range.min, range.max, spec, &scale, &zero_point);
  const Grid grid = spec.grid();
  LoopQuantizer loop;
  loop.scale = scale;
  loop.low = static_cast<float>(grid.quant_min - zero_point);
  loop.high = static_cast<float>(grid.quant_max - zero_point);
  loop.binary = grid.binary;
  return quantization_error_loop(samples.data(), static_cast<std::int64_t>(samples.size()), loop);
}

// The best of range_at(1.0), range_at(0.99), ...
template <typename RangeAt>
Range best_of(std::span<const float> samples, const QuantizerSpec& spec, RangeAt range_at) {
  Range best = range_at(1.0f);
  double least = error_of(samples, best, spec);
  for (int i = kSteps - 1; i > 0; --i) {
    const Range candidate = range_at(static_cast<float>(i) / kSteps);
    const double error = error_of(samples, candidate, spec);
    if (error < least) {
      least = error;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

Range search_range(std::span<const float> samples, Range full, const QuantizerSpec& spec) {
  if (samples.empty() || full.empty()) return full;
  full = {std::min(full.min, 0.0f), std::max(full.max, 0.0f)};
  Range best =
      best_of(samples, spec, [&](float part) { return Range{full.min * part, full.max * part}; });
  if (spec.symmetric || full.min == 0.0f || full.max == 0.0f) return best;
  best = best_of(samples, spec, [&](float part) { return Range{best.min, full.max * part}; });
  return best_of(samples, spec, [&](float part) { return Range{full.min * part, best.max}; });
}

}  // namespace gradus
