// Depthwise: vpmovzxbd, vpmaddwd, vpaddd on eight channels of a tap; any weights.
#include <immintrin.h>
#include <stdint.h>

#include "gradus/kernels/conv/depthwise.h"
#include "gradus/kernels/conv/kernels.h"

namespace gradus::kernels {
namespace {

inline __m256i load8(const int32_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

template <int kPixels>
[[gnu::noinline]] void tile(const DepthwiseTile& t) {
  __m256i acc[kPixels][2];
#pragma GCC unroll 4
  for (int i = 0; i < kPixels; ++i) {
    acc[i][0] = load8(t.bias);
    acc[i][1] = load8(t.bias + 8);
  }
  const int32_t* weights = t.weights;
  for (int32_t ky = 0; ky < t.tap_rows; ++ky) {
    for (int32_t kx = 0; kx < t.tap_columns; ++kx, weights += 16) {
      const uint8_t* in = t.in + ky * t.tap_row + kx * t.tap_column;
      const __m256i w0 = load8(weights);
      const __m256i w1 = load8(weights + 8);
#pragma GCC unroll 4
      for (int i = 0; i < kPixels; ++i) {
        const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i * t.pixel));
        const __m256i lo = _mm256_cvtepu8_epi32(codes);
        const __m256i hi = _mm256_cvtepu8_epi32(_mm_srli_si128(codes, 8));
        acc[i][0] = _mm256_add_epi32(acc[i][0], _mm256_madd_epi16(lo, w0));
        acc[i][1] = _mm256_add_epi32(acc[i][1], _mm256_madd_epi16(hi, w1));
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kPixels; ++i) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(t.acc + i * 16), acc[i][0]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(t.acc + i * 16 + 8), acc[i][1]);
  }
}

constexpr DepthwiseTiles kTiles = {8, {tile<1>, tile<2>, tile<3>, tile<4>}};

}  // namespace

void conv_depthwise_avx2_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                             std::byte* scratch) noexcept {
  depthwise_rows(kTiles, args, begin, end, scratch);
}

}  // namespace gradus::kernels
