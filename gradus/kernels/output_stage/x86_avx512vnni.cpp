// Sixteen channels at a time under a mask. fixed31 goes the AVX2 way: its arithmetic is bound by
// the 64-bit products, not by the width of a store.
#include "gradus/kernels/output_stage/kernels.h"

#include <immintrin.h>
#include <stdint.h>

namespace gradus::kernels {
namespace {

inline __mmask16 first(int32_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffff : (1 << count) - 1);
}

struct Ieee32 {
  __m512 low, high;
  __m512i zero_point;

  __m128i operator()(__m512i acc, __m512 multiplier) const {
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), multiplier);
    const __m512 clamped = _mm512_min_ps(_mm512_max_ps(product, low), high);
    return _mm512_cvtepi32_epi8(_mm512_add_epi32(_mm512_cvtps_epi32(clamped), zero_point));
  }
};

void ieee32(const OutputStageParams& p, const OutputTile& t) {
  const Ieee32 stage{_mm512_set1_ps(static_cast<float>(p.low - p.zero_point)),
                     _mm512_set1_ps(static_cast<float>(p.high - p.zero_point)),
                     _mm512_set1_epi32(p.zero_point)};
  int32_t c = 0;
  for (; c + 16 <= t.count; c += 16) {
    const __m512 multiplier = _mm512_loadu_ps(p.multiplier + t.channel + c);
    const int32_t* acc = t.acc + c;
    uint8_t* out = static_cast<uint8_t*>(t.out) + c;
    for (int32_t i = 0; i < t.pixels; ++i, acc += t.acc_step, out += t.out_step) {
      const __m128i codes = stage(_mm512_loadu_si512(acc), multiplier);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), codes);
    }
  }
  if (c == t.count) return;
  // Stores under a mask are several times slower than whole ones on some processors.
  const __mmask16 mask = first(t.count - c);
  const __m512 multiplier = _mm512_maskz_loadu_ps(mask, p.multiplier + t.channel + c);
  const int32_t* acc = t.acc + c;
  uint8_t* out = static_cast<uint8_t*>(t.out) + c;
  for (int32_t i = 0; i < t.pixels; ++i, acc += t.acc_step, out += t.out_step) {
    _mm_mask_storeu_epi8(out, mask, stage(_mm512_maskz_loadu_epi32(mask, acc), multiplier));
  }
}

void floats(const OutputStageParams& p, const OutputTile& t) {
  const __m512 low = _mm512_set1_ps(p.float_low);
  const __m512 high = _mm512_set1_ps(p.float_high);
  for (int32_t c = 0; c < t.count; c += 16) {
    const __mmask16 mask = first(t.count - c);
    const __m512 multiplier = _mm512_maskz_loadu_ps(mask, p.multiplier + t.channel + c);
    const int32_t* acc = t.acc + c;
    float* out = static_cast<float*>(t.out) + c;
    for (int32_t i = 0; i < t.pixels; ++i, acc += t.acc_step, out += t.out_step) {
      const __m512 sum = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, acc));
      const __m512 product = _mm512_mul_ps(sum, multiplier);
      _mm512_mask_storeu_ps(out, mask, _mm512_min_ps(_mm512_max_ps(product, low), high));
    }
  }
}

}  // namespace

void output_stage_avx512vnni(const OutputStageParams& params, const OutputTile& tile) noexcept {
  if (params.kind == OutputKind::kFloat) {
    floats(params, tile);
  } else if (params.profile == Profile::kIeee32) {
    ieee32(params, tile);
  } else {
    output_stage_avx2(params, tile);
  }
}

}  // namespace gradus::kernels
