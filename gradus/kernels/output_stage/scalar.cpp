// The specification of the output stage: numerics.md (11), (15), (16).
#include <algorithm>
#include <cmath>

#include "gradus/kernels/output_stage/kernels.h"

namespace gradus::kernels {
namespace {

std::uint8_t ieee32_code(const OutputStageParams& p, std::int32_t acc, std::int32_t channel) {
  const float product = static_cast<float>(acc) * p.multiplier[channel];
  const float clamped = std::min(std::max(product, static_cast<float>(p.low - p.zero_point)),
                                 static_cast<float>(p.high - p.zero_point));
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(std::nearbyintf(clamped)) +
                                   p.zero_point);
}

std::uint8_t fixed31_code(const OutputStageParams& p, std::int32_t acc, std::int32_t channel) {
  const std::int64_t scaled = multiply_by_fixed(acc, p.fixed[channel]);
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(scaled + p.zero_point, p.low, p.high));
}

float real(const OutputStageParams& p, std::int32_t acc, std::int32_t channel) {
  const float product = static_cast<float>(acc) * p.multiplier[channel];
  return std::min(std::max(product, p.float_low), p.float_high);
}

template <typename Out, typename Stage>
void for_each(const OutputTile& tile, const OutputStageParams& params, Stage stage) {
  for (std::int32_t i = 0; i < tile.pixels; ++i) {
    const std::int32_t* acc = tile.acc + i * tile.acc_step;
    Out* out = static_cast<Out*>(tile.out) + i * tile.out_step;
    for (std::int32_t c = 0; c < tile.count; ++c) out[c] = stage(params, acc[c], tile.channel + c);
  }
}

}  // namespace

void output_stage_scalar(const OutputStageParams& params, const OutputTile& tile) noexcept {
  if (params.kind == OutputKind::kFloat) {
    for_each<float>(tile, params, real);
  } else if (params.profile == Profile::kIeee32) {
    for_each<std::uint8_t>(tile, params, ieee32_code);
  } else {
    for_each<std::uint8_t>(tile, params, fixed31_code);
  }
}

}  // namespace gradus::kernels
