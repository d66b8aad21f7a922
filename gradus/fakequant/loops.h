// The inner loops of fake quantization over contiguous floats: forward, straight-through backward,
// learned-step backward, range. Free of libtorch; threading is the caller's. GCC compiles each for
// several instruction sets and vectorises it; all give the same bits.
#pragma once

#include <cstdint>
#include <limits>

namespace gradus {

// One scale's worth of a quantizer, as the loops take it. Codes are counted from the zero point:
//   q = clamp(rint(clamp(x, clamp_min, clamp_max) / scale), low, high),  y = scale * q
// which is dequantize(quantize(x)) of quant/quantizer.h, bit for bit.
struct LoopQuantizer {
  float scale = 1.0f;
  float low = 0.0f;     // quant_min - zero_point, |low| and |high| below 2^20
  float high = 255.0f;  // quant_max - zero_point
  float clamp_min = -std::numeric_limits<float>::infinity();  // fused activation
  float clamp_max = std::numeric_limits<float>::infinity();
  bool binary = false;  // q = x >= 0 ? 1 : -1; low, high unused
};

// y[i] as above; y may be x.
void fake_quant_loop(const float* x, float* y, std::int64_t n, const LoopQuantizer& q);
// The same, and mask[i] = 1 where neither clamp bit, else 0: rint(x / scale) is on the grid and x
// strictly inside the fused activation; binary: |x| <= 1.
void fake_quant_mask_loop(const float* x, float* y, std::uint8_t* mask, std::int64_t n,
                          const LoopQuantizer& q);
// gx[i] = mask[i] ? gy[i] : 0; gx may be gy.
void masked_loop(const float* gy, const std::uint8_t* mask, float* gx, std::int64_t n);

// The learned step's backward (estimators/lsq.cpp); returns the sum over i of gy[i] * dy/dscale.
//   dy/dscale = q - x / scale where low < x / scale < high, else q
//   gx[i]     = gy[i] where that holds and x is strictly inside the fused activation, else 0
// binary: dy/dscale = q, gx[i] = gy[i] where |x| <= 1. n is at most kLoopChunk, so that a float sum
// in lanes is accurate.
inline constexpr std::int64_t kLoopChunk = 16384;
float learned_step_loop(const float* x, const float* gy, float* gx, std::int64_t n,
                        const LoopQuantizer& q);

// Widens [*min, *max] by x clamped to [clamp_min, clamp_max]; NaN is passed over.
void range_loop(const float* x, std::int64_t n, float clamp_min, float clamp_max, float* min,
                float* max);

// Sum of (x - y)^2, y as above.
double quantization_error_loop(const float* x, std::int64_t n, const LoopQuantizer& q);

}  // namespace gradus
