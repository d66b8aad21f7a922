// Affine quantizers: the grid of codes, the choice of scale and zero point, and rounding onto the
// grid. Training, calibration, conversion and the engine all round through these functions.
// docs/numerics.md sections 1-2.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradus {

// The inclusive range of codes.
struct Grid {
  std::int32_t quant_min = 0;
  std::int32_t quant_max = 255;
  bool binary = false;  // codes {-1, +1} only: the one grid without zero
  bool operator==(const Grid&) const = default;
};

// What a quantizer is, before any data has been seen.
struct QuantizerSpec {
  int bits = 8;               // 1..8
  bool is_signed = false;     // codes below zero
  bool symmetric = false;     // zero_point is 0
  bool narrow_range = false;  // signed: [-(2^(b-1)-1), 2^(b-1)-1]
  bool per_channel = false;   // one scale a slice along `axis`
  int axis = 0;

  // The grid of numerics.md table 1. Signed 1 bit is {-1, +1}; signed 2 bits narrow is ternary.
  Grid grid() const;
  // Throws Error (kInvalidArgument), prefixed with `where`, listing the allowed values.
  void validate(const std::string& where) const;
  bool operator==(const QuantizerSpec&) const = default;
};

// real = scale * (code - zero_point); one entry, or one a channel.
struct QuantizationParameters {
  std::vector<float> scale;              // > 0, finite
  std::vector<std::int32_t> zero_point;  // on the grid (0 where symmetric)
  bool operator==(const QuantizationParameters&) const = default;
};

// code = clamp(rint(x / scale) + zero_point), ties to even; +-inf saturates. Binary grids: x >= 0
// gives +1, else -1. NaN is the caller's error: checked at the borders (numerics.md (2)).
std::int32_t quantize(float x, float scale, std::int32_t zero_point, const Grid& grid) noexcept;

// scale * (code - zero_point), one float rounding (numerics.md (1)).
inline float dequantize(std::int32_t code, float scale, std::int32_t zero_point) noexcept {
  return scale * static_cast<float>(code - zero_point);
}

// Scale and zero point for the real range [min, max], widened to contain 0; zero is exactly on the
// grid. Symmetric: scale = max(|min|, |max|) / quant_max. The scale is at least 2^-100, so that a
// constant-zero tensor quantizes to zeros. (numerics.md (3)-(4); Krishnamoorthi 1806.08342v1
// section 2.)
// Throws Error (kFailed) if min or max is not finite.
void choose_parameters(float min, float max, const QuantizerSpec& spec, float* scale,
                       std::int32_t* zero_point);

// Same for 1-bit weights: scale = mean |w| (numerics.md (5); the least-squares scale of a sign).
float binary_scale(std::span<const float> weights);

}  // namespace gradus
