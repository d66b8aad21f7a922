#include "gradus/fakequant/loops.h"

#include <algorithm>
#include <array>

#include "gradus/fakequant/clones.h"

namespace gradus {
namespace {

// Adding and taking off 1.5 * 2^23 rounds |t| < 2^22 to the nearest integer, ties to even, on every
// instruction set, and gives +0 where rintf gives -0: the code path has no negative zero either.
constexpr float kRound = 0x1.8p23f;
inline float round_even(float t) { return (t + kRound) - kRound; }

inline float clamp(float x, float low, float high) { return std::min(std::max(x, low), high); }

// The loops' outputs may be their inputs, element for element: hence the ivdep pragmas.

// Lanes for reductions: float addition and minimum are not reordered by the compiler, so the order
// is written down. It is part of the result's bits.
constexpr std::int64_t kLanes = 32;

}  // namespace

GRADUS_CLONES
void fake_quant_loop(const float* x, float* y, std::int64_t n, const LoopQuantizer& quantizer) {
  const LoopQuantizer q = quantizer;
  if (q.binary) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] >= 0.0f ? q.scale : -q.scale;
    return;
  }
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const float t = clamp(x[i], q.clamp_min, q.clamp_max) / q.scale;
    y[i] = q.scale * round_even(clamp(t, q.low, q.high));
  }
}

GRADUS_CLONES
void fake_quant_mask_loop(const float* x, float* y, std::uint8_t* mask, std::int64_t n,
                          const LoopQuantizer& quantizer) {
  const LoopQuantizer q = quantizer;
  if (q.binary) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) {
      const float v = x[i];
      mask[i] = static_cast<std::uint8_t>((v >= -1.0f) & (v <= 1.0f));
      y[i] = v >= 0.0f ? q.scale : -q.scale;
    }
    return;
  }
  // One step of room on each side tells a rounded value off the grid from one at its end.
  const float below = q.low - 1.0f;
  const float above = q.high + 1.0f;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const float v = x[i];
    const float t = clamp(v, q.clamp_min, q.clamp_max) / q.scale;
    const float r = round_even(clamp(t, below, above));
    const int inside = (r >= q.low) & (r <= q.high) & (v > q.clamp_min) & (v < q.clamp_max);
    mask[i] = static_cast<std::uint8_t>(inside);
    y[i] = q.scale * clamp(r, q.low, q.high);
  }
}

GRADUS_CLONES
void masked_loop(const float* gy, const std::uint8_t* mask, float* gx, std::int64_t n) {
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = gy[i];
    gx[i] = mask[i] != 0 ? g : 0.0f;
  }
}

GRADUS_CLONES
float learned_step_loop(const float* x, const float* gy, float* gx, std::int64_t n,
                        const LoopQuantizer& quantizer) {
  const LoopQuantizer q = quantizer;
  // A loop with both a store and a reduction does not vectorise: a block's products are stored
  // first and added after.
  constexpr std::int64_t kBlock = 16 * kLanes;
  alignas(64) std::array<float, kBlock> product;
  std::array<float, kLanes> sum{};
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t count = std::min(kBlock, n - begin);
    const float* xb = x + begin;
    const float* gb = gy + begin;
    float* out = gx + begin;
    if (count < kBlock) product.fill(0.0f);
    if (q.binary) {
#pragma GCC ivdep
      for (std::int64_t j = 0; j < count; ++j) {
        const float v = xb[j];
        const float g = gb[j];
        product[static_cast<std::size_t>(j)] = v >= 0.0f ? g : -g;
        out[j] = (v >= -1.0f) & (v <= 1.0f) ? g : 0.0f;
      }
    } else {
#pragma GCC ivdep
      for (std::int64_t j = 0; j < count; ++j) {
        const float v = xb[j];
        const float g = gb[j];
        const float t = clamp(v, q.clamp_min, q.clamp_max) / q.scale;
        const float r = round_even(clamp(t, q.low, q.high));
        const bool inside = (t > q.low) & (t < q.high);
        product[static_cast<std::size_t>(j)] = g * (r - (inside ? t : 0.0f));
        const float passed = (v > q.clamp_min) & (v < q.clamp_max) ? g : 0.0f;
        out[j] = inside ? passed : 0.0f;
      }
    }
    for (std::size_t i = 0; i < product.size(); i += sum.size()) {
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += product[i + j];
    }
  }
  double total = 0.0;
  for (float lane : sum) total += static_cast<double>(lane);
  return static_cast<float>(total);
}

GRADUS_CLONES
void range_loop(const float* x, std::int64_t n, float clamp_min, float clamp_max, float* min,
                float* max) {
  std::array<float, kLanes> low;
  std::array<float, kLanes> high;
  low.fill(*min);
  high.fill(*max);
  const auto step = [&](std::int64_t i, std::size_t lane) __attribute__((always_inline)) {
    const float v = clamp(x[i], clamp_min, clamp_max);
    low[lane] = v < low[lane] ? v : low[lane];
    high[lane] = v > high[lane] ? v : high[lane];
  };
  const std::int64_t whole = n - n % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    for (std::int64_t j = 0; j < kLanes; ++j) step(i + j, static_cast<std::size_t>(j));
  }
  for (std::int64_t i = whole; i < n; ++i) step(i, static_cast<std::size_t>(i - whole));
  *min = *std::min_element(low.begin(), low.end());
  *max = *std::max_element(high.begin(), high.end());
}

GRADUS_CLONES
double quantization_error_loop(const float* x, std::int64_t n, const LoopQuantizer& quantizer) {
  const LoopQuantizer q = quantizer;
  std::array<double, kLanes> sum{};
  const auto step = [&](std::int64_t i, double& lane) __attribute__((always_inline)) {
    const float v = clamp(x[i], q.clamp_min, q.clamp_max);
    const float y = q.binary ? (v >= 0.0f ? q.scale : -q.scale)
                             : q.scale * round_even(clamp(v / q.scale, q.low, q.high));
    const double error = static_cast<double>(v) - static_cast<double>(y);
    lane += error * error;
  };
  const std::int64_t whole = n - n % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
#pragma GCC ivdep
    for (std::int64_t j = 0; j < kLanes; ++j) step(i + j, sum[static_cast<std::size_t>(j)]);
  }
  for (std::int64_t i = whole; i < n; ++i) step(i, sum[static_cast<std::size_t>(i - whole)]);
  double total = 0.0;
  for (double lane : sum) total += lane;
  return total;
}

}  // namespace gradus
