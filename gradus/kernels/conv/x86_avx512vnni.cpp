// u8 x s8 by vpdpbusd: up to two runs of seven pixels times 32 output channels in 28 registers, two
// for weights and one for the broadcast input, 31 of 32.
//
// The inner step is inline assembly: GCC 12 spills the accumulators of the same loop written with
// _mm512_dpbusd_epi32 (155 against 432 GMAC/s on Emerald Rapids). Pixel offsets 1..6 are addressed
// as one, three or five times the pixel's bytes times a scale, so that any step fits in registers.
#include <immintrin.h>
#include <stdint.h>

#include "gradus/kernels/conv/kernels.h"
#include "gradus/kernels/conv/tiles.h"

namespace gradus::kernels {
namespace {

constexpr int kLanes = 16;
constexpr std::ptrdiff_t kPrefetch = 2048;  // bytes of weights ahead; pays when they come from L3

struct Steps {
  std::ptrdiff_t one, three, five;  // times the bytes of a pixel
};

// acc[q] += four inputs of pixel kPixel of the run at `base`, times weights b[q].
template <int kPixel, int kVectors>
[[gnu::always_inline]] inline void multiply_add(__m512i* acc, const uint8_t* base,
                                                const Steps& steps, const __m512i* b) {
  constexpr int kMultiple = kPixel % 3 == 0 ? 3 : kPixel % 5 == 0 ? 5 : 1;
  constexpr int kScale = kPixel == 0 ? 1 : kPixel / kMultiple;
  const std::ptrdiff_t index = kPixel == 0      ? 0
                               : kMultiple == 3 ? steps.three
                               : kMultiple == 5 ? steps.five
                                                : steps.one;
  __m512i input;
  if constexpr (kPixel == 0 && kVectors == 2) {
    asm("vpbroadcastd (%3), %2\n\tvpdpbusd %4, %2, %0\n\tvpdpbusd %5, %2, %1"
        : "+v"(acc[0]), "+v"(acc[1]), "=&v"(input)
        : "r"(base), "v"(b[0]), "v"(b[1]));
  } else if constexpr (kPixel == 0) {
    asm("vpbroadcastd (%2), %1\n\tvpdpbusd %3, %1, %0"
        : "+v"(acc[0]), "=&v"(input)
        : "r"(base), "v"(b[0]));
  } else if constexpr (kVectors == 2) {
    asm("vpbroadcastd (%3,%4,%c7), %2\n\tvpdpbusd %5, %2, %0\n\tvpdpbusd %6, %2, %1"
        : "+v"(acc[0]), "+v"(acc[1]), "=&v"(input)
        : "r"(base), "r"(index), "v"(b[0]), "v"(b[1]), "n"(kScale));
  } else {
    asm("vpbroadcastd (%2,%3,%c5), %1\n\tvpdpbusd %4, %1, %0"
        : "+v"(acc[0]), "=&v"(input)
        : "r"(base), "r"(index), "v"(b[0]), "n"(kScale));
  }
}

// All pixels of a run.
template <int kPixels, int kVectors>
[[gnu::always_inline]] inline void step_run(__m512i (*acc)[kVectors], const uint8_t* base,
                                            const Steps& steps, const __m512i* b) {
  if constexpr (kPixels > 1) step_run<kPixels - 1, kVectors>(acc, base, steps, b);
  multiply_add<kPixels - 1, kVectors>(acc[kPixels - 1], base, steps, b);
}

template <int kRuns, int kPixels, int kVectors>
[[gnu::always_inline]] inline void step(__m512i (*acc)[kVectors], const uint8_t* run0,
                                        const uint8_t* run1, const Steps& steps,
                                        const std::byte* weights) {
  __m512i b[kVectors];
  b[0] = _mm512_loadu_si512(weights);
  if constexpr (kVectors == 2) b[1] = _mm512_loadu_si512(weights + 64);
  _mm_prefetch(reinterpret_cast<const char*>(weights + kPrefetch), _MM_HINT_T0);
  if constexpr (kVectors == 2) {
    _mm_prefetch(reinterpret_cast<const char*>(weights + kPrefetch + 64), _MM_HINT_T0);
  }
  step_run<kPixels, kVectors>(acc, run0, steps, b);
  if constexpr (kRuns == 2) step_run<kPixels, kVectors>(acc + kPixels, run1, steps, b);
}

template <int kRuns, int kPixels, int kVectors>
[[gnu::noinline]] void tile(const TileArgs& t) {
  constexpr int kCount = kRuns * kPixels;
  // Few accumulators would wait for each other: split the sum, which is exact in any order.
  constexpr int kSplit = kCount * kVectors >= 8 ? 1 : kCount * kVectors >= 4 ? 2 : 4;
  __m512i acc[kSplit][kCount][kVectors];
#pragma GCC unroll 4
  for (int q = 0; q < kVectors; ++q) {
    const int left = t.channels - q * kLanes;
    const __mmask16 mask = static_cast<__mmask16>(left >= kLanes ? 0xffff
                                                  : left <= 0    ? 0
                                                                 : (1 << left) - 1);
    const __m512i bias = _mm512_maskz_loadu_epi32(mask, t.bias + q * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) {
      acc[0][i][q] = bias;
#pragma GCC unroll 4
      for (int s = 1; s < kSplit; ++s) acc[s][i][q] = _mm512_setzero_si512();
    }
  }
  // The assembly reads memory that its operands do not name.
  asm volatile("" ::: "memory");
  const Steps steps{t.pixel, 3 * t.pixel, 5 * t.pixel};
  constexpr int kStepBytes = kVectors * 64;
  const std::byte* weights = t.weights;
  for (int32_t ky = 0; ky < t.tap_rows; ++ky) {
    for (int32_t kx = 0; kx < t.tap_columns; ++kx) {
      const std::ptrdiff_t offset = ky * t.tap_row + kx * t.tap_column;
      const uint8_t* run0 = t.run[0] + offset;
      const uint8_t* run1 = kRuns == 2 ? t.run[1] + offset : run0;
      int32_t left = t.steps;
      if constexpr (kSplit > 1) {
        for (; left >= kSplit; left -= kSplit) {
#pragma GCC unroll 4
          for (int s = 0; s < kSplit; ++s) {
            step<kRuns, kPixels, kVectors>(acc[s], run0 + 4 * s, run1 + 4 * s, steps,
                                           weights + s * kStepBytes);
          }
          run0 += 4 * kSplit;
          run1 += 4 * kSplit;
          weights += kSplit * kStepBytes;
        }
      }
      for (; left > 0; --left) {
        step<kRuns, kPixels, kVectors>(acc[0], run0, run1, steps, weights);
        run0 += 4;
        run1 += 4;
        weights += kStepBytes;
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) {
#pragma GCC unroll 4
    for (int q = 0; q < kVectors; ++q) {
      __m512i sum = acc[0][i][q];
#pragma GCC unroll 4
      for (int s = 1; s < kSplit; ++s) sum = _mm512_add_epi32(sum, acc[s][i][q]);
      _mm512_storeu_si512(t.acc + (i * kVectors + q) * kLanes, sum);
    }
  }
}

template <int kRuns, int kPixels>
constexpr TileRow tile_row() {
  return {{tile<kRuns, kPixels, 1>, tile<kRuns, kPixels, 2>}};
}

constexpr TileSet kTiles = {
    kTilingAvx512,
    7,
    true,
    {{tile_row<1, 1>(), tile_row<1, 2>(), tile_row<1, 3>(), tile_row<1, 4>(), tile_row<1, 5>(),
      tile_row<1, 6>(), tile_row<1, 7>()},
     {tile_row<2, 1>(), tile_row<2, 2>(), tile_row<2, 3>(), tile_row<2, 4>(), tile_row<2, 5>(),
      tile_row<2, 6>(), tile_row<2, 7>()}}};

}  // namespace

void conv_u8s8_avx512vnni_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                              std::byte* scratch) noexcept {
  const ConvWork work = conv_work(kTilingAvx512, *args.shape, args.batch);
  for (std::int64_t index = begin; index < end; ++index) {
    const ConvItem item = conv_item(work, index);
    const ConvSource source = conv_source(args, work, item);
    for (std::int32_t block = item.block_begin; block < item.block_end; ++block) {
      run_block(kTiles, args, work, item, source, block, reinterpret_cast<int32_t*>(scratch));
    }
  }
}

}  // namespace gradus::kernels
