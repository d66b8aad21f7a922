#include "gradus/quant/quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr float kMinScale = 0x1p-100f;

}  // namespace

Grid QuantizerSpec::grid() const {
  if (!is_signed) return {0, (1 << bits) - 1, false};
  if (bits == 1) return {-1, 1, true};
  const std::int32_t half = 1 << (bits - 1);
  return {narrow_range ? -(half - 1) : -half, half - 1, false};
}

void QuantizerSpec::validate(const std::string& where) const {
  const auto refuse = [&](const std::string& text) {
    throw Error(ErrorCode::kInvalidArgument, where + ": " + text);
  };
  if (bits < 1 || bits > 8) refuse("bits is " + std::to_string(bits) + "; expected 1 to 8");
  if (axis < 0) refuse("axis is " + std::to_string(axis) + "; expected 0 or more");
  if (is_signed && bits == 1 && !symmetric) {
    refuse("1-bit signed codes {-1, +1} have no zero point; set symmetric: true");
  }
}

std::int32_t quantize(float x, float scale, std::int32_t zero_point, const Grid& grid) noexcept {
  if (grid.binary) return x >= 0.0f ? 1 : -1;
  // The limits are integers, so clamping before rounding gives the same code as after it and
  // keeps the conversion to an integer in range.
  const float low = static_cast<float>(grid.quant_min - zero_point);
  const float high = static_cast<float>(grid.quant_max - zero_point);
  const float clamped = std::min(std::max(x / scale, low), high);
  return static_cast<std::int32_t>(std::nearbyintf(clamped)) + zero_point;
}

void choose_parameters(float min, float max, const QuantizerSpec& spec, float* scale,
                       std::int32_t* zero_point) {
  if (!std::isfinite(min) || !std::isfinite(max)) {
    throw Error(ErrorCode::kFailed, "the range of a tensor is not finite (min " +
                                        std::to_string(min) + ", max " + std::to_string(max) +
                                        "); lower the learning rate or look for NaN in the data");
  }
  min = std::min(min, 0.0f);
  max = std::max(max, 0.0f);
  const Grid grid = spec.grid();
  if (spec.symmetric) {
    *zero_point = 0;
    const float reach = spec.is_signed ? std::max(-min, max) : max;
    *scale = std::max(reach / static_cast<float>(grid.quant_max), kMinScale);
    return;
  }
  const float steps = static_cast<float>(grid.quant_max - grid.quant_min);
  // Each end divided on its own: max - min may pass the largest float.
  *scale = std::clamp(max / steps - min / steps, kMinScale, std::numeric_limits<float>::max());
  const float zero = std::nearbyintf(static_cast<float>(grid.quant_min) - min / *scale);
  *zero_point = static_cast<std::int32_t>(
      std::clamp(zero, static_cast<float>(grid.quant_min), static_cast<float>(grid.quant_max)));
}

float binary_scale(std::span<const float> weights) {
  double sum = 0.0;
  for (float w : weights) sum += std::fabs(static_cast<double>(w));
  const double mean = weights.empty() ? 0.0 : sum / static_cast<double>(weights.size());
  return std::max(static_cast<float>(mean), kMinScale);
}

}  // namespace gradus
