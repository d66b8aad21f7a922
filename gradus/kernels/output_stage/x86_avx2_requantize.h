// Eight accumulators at a time through the arithmetic of quant/requantize.h. For AVX2 files only:
// an unnamed namespace, so that every such file has its own copy (docs/architecture.md, ODR rule).
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace gradus::kernels {
namespace {

// multiply_by_fixed (numerics.md (15)). `shift` is in -31..31 and |multiplier| < 2^31.
inline __m256i multiply_by_fixed_avx2(__m256i acc, __m256i multiplier, __m256i shift) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i left = _mm256_max_epi32(shift, zero);
  const __m256i right = _mm256_sub_epi32(left, shift);
  // Left shift; where shifting back does not give acc again, it saturates.
  __m256i x = _mm256_sllv_epi32(acc, left);
  const __m256i exact = _mm256_cmpeq_epi32(_mm256_srav_epi32(x, left), acc);
  const __m256i limit = _mm256_xor_si256(_mm256_srai_epi32(acc, 31), _mm256_set1_epi32(0x7fffffff));
  x = _mm256_blendv_epi8(limit, x, exact);
  // (13) is floor((a * b + 2^30) / 2^31) for either sign; bits 31..62 of the 64-bit sums.
  const __m256i nudge = _mm256_set1_epi64x(int64_t{1} << 30);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, multiplier), nudge);
  const __m256i odd = _mm256_add_epi64(
      _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(multiplier, 32)), nudge);
  const __m256i high =
      _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
  // (14)
  const __m256i mask =
      _mm256_sub_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), right), _mm256_set1_epi32(1));
  const __m256i threshold =
      _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(high, 31));
  const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(high, mask), threshold);
  return _mm256_sub_epi32(_mm256_srav_epi32(high, right), up);
}

// Eight FixedMultiplier to their multipliers and shifts.
inline void load_fixed_avx2(const void* fixed, __m256i* multiplier, __m256i* shift) {
  const __m256i* pairs = static_cast<const __m256i*>(fixed);
  const __m256 lo = _mm256_castsi256_ps(_mm256_loadu_si256(pairs));
  const __m256 hi = _mm256_castsi256_ps(_mm256_loadu_si256(pairs + 1));
  const __m256i m = _mm256_castps_si256(_mm256_shuffle_ps(lo, hi, 0x88));
  const __m256i s = _mm256_castps_si256(_mm256_shuffle_ps(lo, hi, 0xdd));
  *multiplier = _mm256_permute4x64_epi64(m, 0xd8);
  *shift = _mm256_permute4x64_epi64(s, 0xd8);
}

// Eight int32 in 0..255 to eight bytes in the low half.
inline __m128i narrow_avx2(__m256i codes) {
  const __m128i words =
      _mm_packs_epi32(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
  return _mm_packus_epi16(words, words);
}

// rint of reals clamped to [low, high] (integers), plus zero_point: the end of (11) and (17).
inline __m256i round_code_avx2(__m256 real, __m256 low, __m256 high, __m256i zero_point) {
  const __m256 clamped = _mm256_min_ps(_mm256_max_ps(real, low), high);
  return _mm256_add_epi32(_mm256_cvtps_epi32(clamped), zero_point);
}

}  // namespace
}  // namespace gradus::kernels
