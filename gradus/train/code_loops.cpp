#include "gradus/train/code_loops.h"

#include <algorithm>

#include "gradus/fakequant/clones.h"

namespace gradus {
namespace {

// See fakequant/loops.cpp: rounds |t| < 2^22 to nearest, ties to even, without a negative zero.
constexpr float kRound = 0x1.8p23f;
inline float round_even(float t) { return (t + kRound) - kRound; }
inline float clamp(float x, float low, float high) { return std::min(std::max(x, low), high); }

struct Limits {
  float low;
  float high;
};
inline Limits limits(const Requantizer& r) {
  return {static_cast<float>(r.low - r.zero_point), static_cast<float>(r.high - r.zero_point)};
}

template <typename Acc>
void requantize_exactly(const Acc* acc, const std::int32_t* bias, float* q, std::int64_t rows,
                        std::int64_t channels, const Requantizer& r) {
  for (std::int64_t i = 0; i < rows * channels; ++i) {
    const auto c = static_cast<std::size_t>(i % channels);
    const std::int32_t sum = static_cast<std::int32_t>(acc[i]) + bias[c];
    q[i] = static_cast<float>(r(sum, c) - r.zero_point);
  }
}

// Always inlined, so that each clone compiles it for itself.
template <typename Acc>
[[gnu::always_inline]] inline void requantize_row(const Acc* acc, const std::int32_t* bias,
                                                  float* q, std::int64_t channels,
                                                  const float* multiplier, Limits limit) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int32_t sum = static_cast<std::int32_t>(acc[c]) + bias[c];
    const float product = static_cast<float>(sum) * multiplier[c];
    q[c] = round_even(clamp(product, limit.low, limit.high));
  }
}

template <typename Acc>
[[gnu::always_inline]] inline void scale_row(const Acc* acc, const std::int32_t* bias, float* y,
                                             std::int64_t channels, const float* unit, float low,
                                             float high) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int32_t sum = static_cast<std::int32_t>(acc[c]) + bias[c];
    y[c] = clamp(static_cast<float>(sum) * unit[c], low, high);
  }
}

}  // namespace

GRADUS_CLONES
void requantize_rows(const float* acc, const std::int32_t* bias, float* q, std::int64_t rows,
                     std::int64_t channels, const Requantizer& r) {
  if (r.profile != Profile::kIeee32) {
    return requantize_exactly(acc, bias, q, rows, channels, r);
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t at = row * channels;
    requantize_row(acc + at, bias, q + at, channels, r.multiplier.data(), limits(r));
  }
}

GRADUS_CLONES
void requantize_rows(const double* acc, const std::int32_t* bias, float* q, std::int64_t rows,
                     std::int64_t channels, const Requantizer& r) {
  if (r.profile != Profile::kIeee32) {
    return requantize_exactly(acc, bias, q, rows, channels, r);
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t at = row * channels;
    requantize_row(acc + at, bias, q + at, channels, r.multiplier.data(), limits(r));
  }
}

GRADUS_CLONES
void scale_rows(const float* acc, const std::int32_t* bias, float* y, std::int64_t rows,
                std::int64_t channels, const float* unit, float low, float high) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t at = row * channels;
    scale_row(acc + at, bias, y + at, channels, unit, low, high);
  }
}

GRADUS_CLONES
void scale_rows(const double* acc, const std::int32_t* bias, float* y, std::int64_t rows,
                std::int64_t channels, const float* unit, float low, float high) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t at = row * channels;
    scale_row(acc + at, bias, y + at, channels, unit, low, high);
  }
}

GRADUS_CLONES
void requantize_all(const float* acc, float* q, std::int64_t n, const Requantizer& r,
                    std::size_t entry) {
  if (r.profile != Profile::kIeee32) {
    for (std::int64_t i = 0; i < n; ++i) {
      q[i] = static_cast<float>(r(static_cast<std::int32_t>(acc[i]), entry) - r.zero_point);
    }
    return;
  }
  const float multiplier = r.multiplier[entry];
  const Limits limit = limits(r);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const float sum = static_cast<float>(static_cast<std::int32_t>(acc[i]));
    q[i] = round_even(clamp(sum * multiplier, limit.low, limit.high));
  }
}

GRADUS_CLONES
void add_codes(const float* a, const float* b, float* q, std::int64_t n, const IntegerAdd& add) {
  if (add.profile != Profile::kIeee32) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int32_t code = add(static_cast<std::int32_t>(a[i]) + add.input_zero_point[0],
                                    static_cast<std::int32_t>(b[i]) + add.input_zero_point[1]);
      q[i] = static_cast<float>(code - add.zero_point);
    }
    return;
  }
  const float ma = add.multiplier[0];
  const float mb = add.multiplier[1];
  const float low = static_cast<float>(add.low - add.zero_point);
  const float high = static_cast<float>(add.high - add.zero_point);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const float pa = a[i] * ma;
    const float pb = b[i] * mb;
    q[i] = round_even(clamp(pa + pb, low, high));
  }
}

GRADUS_CLONES
void quantize_all(const float* x, float* q, std::int64_t n, float scale, std::int32_t zero_point,
                  const Grid& grid) {
  if (grid.binary) {
    for (std::int64_t i = 0; i < n; ++i) q[i] = x[i] >= 0.0f ? 1.0f : -1.0f;
    return;
  }
  const float low = static_cast<float>(grid.quant_min - zero_point);
  const float high = static_cast<float>(grid.quant_max - zero_point);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) q[i] = round_even(clamp(x[i] / scale, low, high));
}

}  // namespace gradus
