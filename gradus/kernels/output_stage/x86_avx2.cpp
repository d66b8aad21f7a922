// Eight channels at a time; the channels that are left go the scalar way.
#include "gradus/kernels/output_stage/kernels.h"
#include "gradus/kernels/output_stage/x86_avx2_requantize.h"

namespace gradus::kernels {
namespace {

inline __m256i load8(const int32_t* acc) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(acc));
}

void ieee32(const OutputStageParams& p, const OutputTile& t, int32_t count) {
  const __m256 low = _mm256_set1_ps(static_cast<float>(p.low - p.zero_point));
  const __m256 high = _mm256_set1_ps(static_cast<float>(p.high - p.zero_point));
  const __m256i zero_point = _mm256_set1_epi32(p.zero_point);
  for (int32_t c = 0; c < count; c += 8) {
    const __m256 multiplier = _mm256_loadu_ps(p.multiplier + t.channel + c);
    const int32_t* acc = t.acc + c;
    uint8_t* out = static_cast<uint8_t*>(t.out) + c;
    for (int32_t i = 0; i < t.pixels; ++i, acc += t.acc_step, out += t.out_step) {
      const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(load8(acc)), multiplier);
      const __m256i code = round_code_avx2(product, low, high, zero_point);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), narrow_avx2(code));
    }
  }
}

void fixed31(const OutputStageParams& p, const OutputTile& t, int32_t count) {
  // Clamped before the zero point is added: the sum could pass int32.
  const __m256i low = _mm256_set1_epi32(p.low - p.zero_point);
  const __m256i high = _mm256_set1_epi32(p.high - p.zero_point);
  const __m256i zero_point = _mm256_set1_epi32(p.zero_point);
  for (int32_t c = 0; c < count; c += 8) {
    __m256i multiplier, shift;
    load_fixed_avx2(p.fixed + t.channel + c, &multiplier, &shift);
    const int32_t* acc = t.acc + c;
    uint8_t* out = static_cast<uint8_t*>(t.out) + c;
    for (int32_t i = 0; i < t.pixels; ++i, acc += t.acc_step, out += t.out_step) {
      const __m256i scaled = multiply_by_fixed_avx2(load8(acc), multiplier, shift);
      const __m256i clamped = _mm256_min_epi32(_mm256_max_epi32(scaled, low), high);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out),
                       narrow_avx2(_mm256_add_epi32(clamped, zero_point)));
    }
  }
}

void floats(const OutputStageParams& p, const OutputTile& t, int32_t count) {
  const __m256 low = _mm256_set1_ps(p.float_low);
  const __m256 high = _mm256_set1_ps(p.float_high);
  for (int32_t c = 0; c < count; c += 8) {
    const __m256 multiplier = _mm256_loadu_ps(p.multiplier + t.channel + c);
    const int32_t* acc = t.acc + c;
    float* out = static_cast<float*>(t.out) + c;
    for (int32_t i = 0; i < t.pixels; ++i, acc += t.acc_step, out += t.out_step) {
      const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(load8(acc)), multiplier);
      _mm256_storeu_ps(out, _mm256_min_ps(_mm256_max_ps(product, low), high));
    }
  }
}

}  // namespace

void output_stage_avx2(const OutputStageParams& params, const OutputTile& tile) noexcept {
  const int32_t whole = tile.count & ~7;
  size_t element = 1;
  if (params.kind == OutputKind::kFloat) {
    element = sizeof(float);
    floats(params, tile, whole);
  } else if (params.profile == Profile::kIeee32) {
    ieee32(params, tile, whole);
  } else {
    fixed31(params, tile, whole);
  }
  if (whole == tile.count) return;
  OutputTile rest = tile;
  rest.acc += whole;
  rest.channel += whole;
  rest.count -= whole;
  rest.out = static_cast<char*>(tile.out) + static_cast<size_t>(whole) * element;
  output_stage_scalar(params, rest);
}

}  // namespace gradus::kernels
