// Eight elements at a time; a run's last ones go through a copy of eight.
#include <string.h>

#include "gradus/kernels/multiply/kernels.h"
#include "gradus/kernels/output_stage/x86_avx2_requantize.h"
#include "gradus/kernels/rows.h"

namespace gradus::kernels {
namespace {

inline __m256i widen(const uint8_t* in) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in)));
}

struct Products {
  __m256i zero_a, zero_b;
  explicit Products(const MultiplyNumbers& p)
      : zero_a(_mm256_set1_epi32(p.zero_a)),
        zero_b(_mm256_set1_epi32(p.zero_b)) {}
  __m256i operator()(const uint8_t* a, const uint8_t* b) const {
    return _mm256_mullo_epi32(_mm256_sub_epi32(widen(a), zero_a),
                              _mm256_sub_epi32(widen(b), zero_b));
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

template <typename Stage>
void multiply_run(const Stage& stage, const uint8_t* a, const uint8_t* b, uint8_t* out,
                  int64_t length) {
  int64_t i = 0;
  for (; i + 8 <= length; i += 8) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), stage(a + i, b + i));
  }
  if (i == length) return;
  const size_t rest = static_cast<size_t>(length - i);
  uint8_t last_a[8] = {}, last_b[8] = {}, last_out[8];
  memcpy(last_a, a + i, rest);
  memcpy(last_b, b + i, rest);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(last_out), stage(last_a, last_b));
  memcpy(out + i, last_out, rest);
}

template <typename Stage>
void multiply_rows(const MultiplyNumbers& numbers, const MultiplyArgs& args, int64_t begin,
                   int64_t end) {
  const Stage stage(numbers);
  const RowRuns runs = row_runs(args.out, dense(args.a) && dense(args.b) && dense(args.out));
  for (int64_t item = begin; item < end; ++item) {
    const uint8_t* a = row_of(args.a, item);
    const uint8_t* b = row_of(args.b, item);
    uint8_t* out = row_of(args.out, item);
    for (int64_t i = 0; i < runs.count; ++i) {
      multiply_run(stage, a, b, out, runs.length);
      a += args.a.pixel_step;
      b += args.b.pixel_step;
      out += args.out.pixel_step;
    }
  }
}

}  // namespace

void multiply_avx2(const MultiplyNumbers& numbers, const MultiplyArgs& args, std::int64_t begin,
                   std::int64_t end) noexcept {
  if (numbers.profile == Profile::kIeee32) {
    multiply_rows<Ieee32>(numbers, args, begin, end);
  } else {
    multiply_rows<Fixed31>(numbers, args, begin, end);
  }
}

}  // namespace gradus::kernels
