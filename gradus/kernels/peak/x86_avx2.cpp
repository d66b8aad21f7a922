// Ten independent accumulators, more than the latency of any instruction here needs.
#include <immintrin.h>

#include "gradus/kernels/peak/kernels.h"

namespace gradus::kernels {

void peak_pairs_avx2(long iterations) noexcept {
  __m256i acc[10] = {};
  const __m256i input = _mm256_set1_epi8(1);
  const __m256i ones = _mm256_set1_epi16(1);
  for (long n = 0; n < iterations; ++n) {
#pragma GCC unroll 10
    for (int i = 0; i < 10; ++i) {
      __m256i product;
      asm volatile("vpmaddubsw %2, %2, %1\n\tvpmaddwd %3, %1, %1\n\tvpaddd %1, %0, %0"
                   : "+x"(acc[i]), "=&x"(product)
                   : "x"(input), "x"(ones));
    }
  }
}

void peak_wide_avx2(long iterations) noexcept {
  __m256i acc[10] = {};
  const __m256i input = _mm256_set1_epi16(1);
  for (long n = 0; n < iterations; ++n) {
#pragma GCC unroll 10
    for (int i = 0; i < 10; ++i) {
      __m256i product;
      asm volatile("vpmaddwd %2, %2, %1\n\tvpaddd %1, %0, %0"
                   : "+x"(acc[i]), "=&x"(product)
                   : "x"(input));
    }
  }
}

}  // namespace gradus::kernels
