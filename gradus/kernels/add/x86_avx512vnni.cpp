// ieee32 on sixteen elements at a time, the last ones under a mask; fixed31 goes the AVX2 way.
#include <immintrin.h>
#include <stdint.h>

#include "gradus/kernels/add/kernels.h"
#include "gradus/kernels/rows.h"

namespace gradus::kernels {
namespace {

struct Ieee32 {
  __m512i zero_a, zero_b, zero_out;
  __m512 multiplier_a, multiplier_b, low, high;

  explicit Ieee32(const IntegerAdd& p)
      : zero_a(_mm512_set1_epi32(p.input_zero_point[0])),
        zero_b(_mm512_set1_epi32(p.input_zero_point[1])),
        zero_out(_mm512_set1_epi32(p.zero_point)),
        multiplier_a(_mm512_set1_ps(p.multiplier[0])),
        multiplier_b(_mm512_set1_ps(p.multiplier[1])),
        low(_mm512_set1_ps(static_cast<float>(p.low - p.zero_point))),
        high(_mm512_set1_ps(static_cast<float>(p.high - p.zero_point))) {}

  __m128i operator()(__m128i a, __m128i b) const {
    const __m512i da = _mm512_sub_epi32(_mm512_cvtepu8_epi32(a), zero_a);
    const __m512i db = _mm512_sub_epi32(_mm512_cvtepu8_epi32(b), zero_b);
    const __m512 sum = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(da), multiplier_a),
                                     _mm512_mul_ps(_mm512_cvtepi32_ps(db), multiplier_b));
    const __m512 clamped = _mm512_min_ps(_mm512_max_ps(sum, low), high);
    return _mm512_cvtepi32_epi8(_mm512_add_epi32(_mm512_cvtps_epi32(clamped), zero_out));
  }
};

void add_run(const Ieee32& stage, const uint8_t* a, const uint8_t* b, uint8_t* out,
             int64_t length) {
  int64_t i = 0;
  for (; i + 16 <= length; i += 16) {
    const __m128i codes_a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i));
    const __m128i codes_b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), stage(codes_a, codes_b));
  }
  if (i == length) return;
  const __mmask16 mask = static_cast<__mmask16>((1 << (length - i)) - 1);
  _mm_mask_storeu_epi8(out + i, mask,
                       stage(_mm_maskz_loadu_epi8(mask, a + i), _mm_maskz_loadu_epi8(mask, b + i)));
}

}  // namespace

void add_avx512vnni(const AddArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  if (args.add.profile != Profile::kIeee32) {
    add_avx2(args, begin, end);
    return;
  }
  const Ieee32 stage(args.add);
  for_each_run(args, begin, end,
               [&](const uint8_t* a, const uint8_t* b, uint8_t* out, int64_t length) {
                 add_run(stage, a, b, out, length);
               });
}

}  // namespace gradus::kernels
