// Twelve independent accumulators: two a cycle at a latency of five.
#include <immintrin.h>

#include "gradus/kernels/peak/kernels.h"

namespace gradus::kernels {

void peak_vnni_avx512vnni(long iterations) noexcept {
  __m512i acc[12] = {};
  const __m512i input = _mm512_set1_epi32(0x01010101);
  for (long n = 0; n < iterations; ++n) {
#pragma GCC unroll 12
    for (int i = 0; i < 12; ++i) {
      asm volatile("vpdpbusd %1, %1, %0" : "+v"(acc[i]) : "v"(input));
    }
  }
}

}  // namespace gradus::kernels
