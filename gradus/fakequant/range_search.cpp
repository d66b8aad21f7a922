#include "gradus/fakequant/range_search.h"

#include "gradus/fakequant/loops.h"

namespace gradus {
namespace {

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

}  // namespace

Range search_range(std::span<const float> samples, Range full, const QuantizerSpec& spec) {
  if (samples.empty() || full.empty()) return full;
  return least_cost_range(full, spec, [&](Range range) { return error_of(samples, range, spec); });
}

}  // namespace gradus
