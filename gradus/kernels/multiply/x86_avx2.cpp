#include "gradus/kernels/multiply/kernels.h"
#include "gradus/kernels/output_stage/x86_avx2_requantize.h"
#include "gradus/kernels/x86_avx2_pairs.h"

namespace gradus::kernels {
namespace {

struct Products {
  __m256i zero_a, zero_b;
  explicit Products(const MultiplyNumbers& p)
      : zero_a(_mm256_set1_epi32(p.zero_a)), zero_b(_mm256_set1_epi32(p.zero_b)) {}
  __m256i operator()(const uint8_t* a, const uint8_t* b) const {
    return _mm256_mullo_epi32(_mm256_sub_epi32(widen_avx2(a), zero_a),
                              _mm256_sub_epi32(widen_avx2(b), zero_b));
  }
};

struct Ieee32 {
  Products products;
  __m256i zero_out;
  __m256 multiplier, low, high;

  explicit Ieee32(const MultiplyNumbers& p)
      : products(p),
        zero_out(_mm256_set1_epi32(p.zero_point)),
        multiplier(_mm256_set1_ps(p.multiplier)),
        low(_mm256_set1_ps(static_cast<float>(p.low - p.zero_point))),
        high(_mm256_set1_ps(static_cast<float>(p.high - p.zero_point))) {}

  __m128i operator()(const uint8_t* a, const uint8_t* b) const {
    const __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(products(a, b)), multiplier);
    return narrow_avx2(round_code_avx2(real, low, high, zero_out));
  }
};

struct Fixed31 {
  Products products;
  __m256i zero_out, low, high, multiplier, shift;

  explicit Fixed31(const MultiplyNumbers& p)
      : products(p),
        zero_out(_mm256_set1_epi32(p.zero_point)),
        low(_mm256_set1_epi32(p.low - p.zero_point)),
        high(_mm256_set1_epi32(p.high - p.zero_point)),
        multiplier(_mm256_set1_epi32(p.fixed.multiplier)),
        shift(_mm256_set1_epi32(p.fixed.shift)) {}

  __m128i operator()(const uint8_t* a, const uint8_t* b) const {
    const __m256i scaled = multiply_by_fixed_avx2(products(a, b), multiplier, shift);
    const __m256i clamped = _mm256_min_epi32(_mm256_max_epi32(scaled, low), high);
    return narrow_avx2(_mm256_add_epi32(clamped, zero_out));
  }
};

}  // namespace

void multiply_avx2(const MultiplyNumbers& numbers, const MultiplyArgs& args, std::int64_t begin,
                   std::int64_t end) noexcept {
  if (numbers.profile == Profile::kIeee32) {
    run_in_eights_avx2(args, begin, end, Ieee32(numbers));
  } else {
    run_in_eights_avx2(args, begin, end, Fixed31(numbers));
  }
}

}  // namespace gradus::kernels
