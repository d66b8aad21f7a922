// Depthwise: vpmovzxbd, vpdpwssd on sixteen channels of a tap; any weights.
#include <immintrin.h>
#include <stdint.h>

#include "gradus/kernels/conv/depthwise.h"
#include "gradus/kernels/conv/kernels.h"

namespace gradus::kernels {
namespace {

inline __m512i widen(const uint8_t* in) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
}

template <int kPixels>
[[gnu::noinline]] void tile(const DepthwiseTile& t) {
  __m512i acc[kPixels][2];
#pragma GCC unroll 4
  for (int i = 0; i < kPixels; ++i) {
    acc[i][0] = _mm512_loadu_si512(t.bias);
    acc[i][1] = _mm512_loadu_si512(t.bias + 16);
  }
  const int32_t* weights = t.weights;
  for (int32_t ky = 0; ky < t.tap_rows; ++ky) {
    for (int32_t kx = 0; kx < t.tap_columns; ++kx, weights += 32) {
      const uint8_t* in = t.in + ky * t.tap_row + kx * t.tap_column;
      const __m512i w0 = _mm512_loadu_si512(weights);
      const __m512i w1 = _mm512_loadu_si512(weights + 16);
#pragma GCC unroll 4
      for (int i = 0; i < kPixels; ++i) {
        acc[i][0] = _mm512_dpwssd_epi32(acc[i][0], widen(in + i * t.pixel), w0);
        acc[i][1] = _mm512_dpwssd_epi32(acc[i][1], widen(in + i * t.pixel + 16), w1);
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kPixels; ++i) {
    _mm512_storeu_si512(t.acc + i * 32, acc[i][0]);
    _mm512_storeu_si512(t.acc + i * 32 + 16, acc[i][1]);
  }
}

constexpr DepthwiseTiles kTiles = {16, {tile<1>, tile<2>, tile<3>, tile<4>}};

}  // namespace

void conv_depthwise_avx512vnni_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                                   std::byte* scratch) noexcept {
  depthwise_rows(kTiles, args, begin, end, scratch);
}

}  // namespace gradus::kernels
