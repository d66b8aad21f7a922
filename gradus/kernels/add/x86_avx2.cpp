#include "gradus/kernels/add/kernels.h"
#include "gradus/kernels/output_stage/x86_avx2_requantize.h"
#include "gradus/kernels/x86_avx2_pairs.h"

namespace gradus::kernels {
namespace {

struct Ieee32 {
  __m256i zero_a, zero_b, zero_out;
  __m256 multiplier_a, multiplier_b, low, high;

  explicit Ieee32(const IntegerAdd& p)
      : zero_a(_mm256_set1_epi32(p.input_zero_point[0])),
        zero_b(_mm256_set1_epi32(p.input_zero_point[1])),
        zero_out(_mm256_set1_epi32(p.zero_point)),
        multiplier_a(_mm256_set1_ps(p.multiplier[0])),
        multiplier_b(_mm256_set1_ps(p.multiplier[1])),
        low(_mm256_set1_ps(static_cast<float>(p.low - p.zero_point))),
        high(_mm256_set1_ps(static_cast<float>(p.high - p.zero_point))) {}

  __m128i operator()(const uint8_t* a, const uint8_t* b) const {
    const __m256 fa = _mm256_cvtepi32_ps(_mm256_sub_epi32(widen_avx2(a), zero_a));
    const __m256 fb = _mm256_cvtepi32_ps(_mm256_sub_epi32(widen_avx2(b), zero_b));
    const __m256 sum =
        _mm256_add_ps(_mm256_mul_ps(fa, multiplier_a), _mm256_mul_ps(fb, multiplier_b));
    return narrow_avx2(round_code_avx2(sum, low, high, zero_out));
  }
};

struct Fixed {
  __m256i multiplier, shift;
  explicit Fixed(FixedMultiplier m)
      : multiplier(_mm256_set1_epi32(m.multiplier)), shift(_mm256_set1_epi32(m.shift)) {}
  __m256i operator()(__m256i x) const { return multiply_by_fixed_avx2(x, multiplier, shift); }
};

struct Fixed31 {
  __m256i zero_a, zero_b, zero_out, low, high;
  Fixed scale_a, scale_b, scale_out;

  explicit Fixed31(const IntegerAdd& p)
      : zero_a(_mm256_set1_epi32(p.input_zero_point[0])),
        zero_b(_mm256_set1_epi32(p.input_zero_point[1])),
        zero_out(_mm256_set1_epi32(p.zero_point)),
        low(_mm256_set1_epi32(p.low - p.zero_point)),
        high(_mm256_set1_epi32(p.high - p.zero_point)),
        scale_a(p.fixed[0]),
        scale_b(p.fixed[1]),
        scale_out(p.fixed_output) {}

  __m128i operator()(const uint8_t* a, const uint8_t* b) const {
    // numerics.md (18)
    const __m256i da = _mm256_slli_epi32(_mm256_sub_epi32(widen_avx2(a), zero_a), 20);
    const __m256i db = _mm256_slli_epi32(_mm256_sub_epi32(widen_avx2(b), zero_b), 20);
    const __m256i scaled = scale_out(_mm256_add_epi32(scale_a(da), scale_b(db)));
    const __m256i clamped = _mm256_min_epi32(_mm256_max_epi32(scaled, low), high);
    return narrow_avx2(_mm256_add_epi32(clamped, zero_out));
  }
};

}  // namespace

void add_avx2(const AddArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  if (args.add.profile == Profile::kIeee32) {
    run_in_eights_avx2(args, begin, end, Ieee32(args.add));
  } else {
    run_in_eights_avx2(args, begin, end, Fixed31(args.add));
  }
}

}  // namespace gradus::kernels
