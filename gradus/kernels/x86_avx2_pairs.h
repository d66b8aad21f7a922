// Two tensors of stored codes, eight elements at a time. For AVX2 files only: an unnamed namespace,
// so that every such file has its own copy (docs/architecture.md, ODR rule).
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "gradus/kernels/rows.h"

namespace gradus::kernels {
namespace {

inline __m256i widen_avx2(const uint8_t* in) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in)));
}

// stage(a, b) gives eight codes, in the low half, of eight and eight. The last ones of a run go
// through a copy of eight: nothing past them is read or written.
template <typename Args, typename Stage>
void run_in_eights_avx2(const Args& args, int64_t begin, int64_t end, const Stage& stage) {
  const auto run = [&](const uint8_t* a, const uint8_t* b, uint8_t* out, int64_t length) {
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
  };
  for_each_run(args, begin, end, run);
}

}  // namespace
}  // namespace gradus::kernels
