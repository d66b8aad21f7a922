// Two kernels with the same tile: one run of up to four pixels times 16 output channels in 8
// registers.
//   u8s8_pairs  vpmaddubsw, vpmaddwd, vpaddd: 32 products in three instructions, where no pair of
//               products passes int16 (layout.cpp proves it from the weights)
//   u8s16       vpmaddwd, vpaddd on inputs widened once an item: any weights
#include <immintrin.h>
#include <stdint.h>

#include "gradus/kernels/conv/kernels.h"
#include "gradus/kernels/conv/tiles.h"

namespace gradus::kernels {
namespace {

constexpr int kLanes = 8;

enum Multiply { kPairs, kWide };

// acc[q] += a step of inputs, broadcast from `input`, times weights b[q]. In assembly, as GCC 12
// turns the addresses of the pixels into more pointers than there are registers.
template <Multiply kMultiply, int kVectors>
[[gnu::always_inline]] inline void multiply_add(__m256i* acc, const uint8_t* base,
                                                std::ptrdiff_t index, const __m256i* b,
                                                __m256i ones) {
  __m256i input;
  asm("vpbroadcastd (%1,%2), %0" : "=x"(input) : "r"(base), "r"(index));
#pragma GCC unroll 2
  for (int q = 0; q < kVectors; ++q) {
    __m256i product;
    if constexpr (kMultiply == kPairs) {
      asm("vpmaddubsw %2, %3, %1\n\tvpmaddwd %4, %1, %1\n\tvpaddd %1, %0, %0"
          : "+x"(acc[q]), "=&x"(product)
          : "x"(b[q]), "x"(input), "x"(ones));
    } else {
      asm("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0"
          : "+x"(acc[q]), "=&x"(product)
          : "x"(b[q]), "x"(input));
    }
  }
}

template <Multiply kMultiply, int kPixels, int kVectors>
[[gnu::noinline]] void tile(const TileArgs& t) {
  __m256i acc[kPixels][kVectors];
#pragma GCC unroll 2
  for (int q = 0; q < kVectors; ++q) {
    alignas(32) int32_t bias[kLanes] = {};
    for (int lane = 0; lane < kLanes && q * kLanes + lane < t.channels; ++lane) {
      bias[lane] = t.bias[q * kLanes + lane];
    }
#pragma GCC unroll 4
    for (int i = 0; i < kPixels; ++i) {
      acc[i][q] = _mm256_load_si256(reinterpret_cast<const __m256i*>(bias));
    }
  }
  // The assembly reads memory that its operands do not name.
  asm volatile("" ::: "memory");
  const __m256i ones = _mm256_set1_epi16(1);
  const std::ptrdiff_t one = t.pixel;
  const std::ptrdiff_t two = 2 * t.pixel;
  const std::ptrdiff_t three = 3 * t.pixel;
  const std::byte* weights = t.weights;
  for (int32_t ky = 0; ky < t.tap_rows; ++ky) {
    for (int32_t kx = 0; kx < t.tap_columns; ++kx) {
      const uint8_t* run = t.run[0] + ky * t.tap_row + kx * t.tap_column;
      for (int32_t left = t.steps; left > 0; --left) {
        __m256i b[kVectors];
#pragma GCC unroll 2
        for (int q = 0; q < kVectors; ++q) {
          b[q] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + q * 32));
        }
        multiply_add<kMultiply, kVectors>(acc[0], run, 0, b, ones);
        if constexpr (kPixels > 1) multiply_add<kMultiply, kVectors>(acc[1], run, one, b, ones);
        if constexpr (kPixels > 2) multiply_add<kMultiply, kVectors>(acc[2], run, two, b, ones);
        if constexpr (kPixels > 3) multiply_add<kMultiply, kVectors>(acc[3], run, three, b, ones);
        run += 4;
        weights += kVectors * 32;
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kPixels; ++i) {
#pragma GCC unroll 2
    for (int q = 0; q < kVectors; ++q) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(t.acc + (i * kVectors + q) * kLanes),
                          acc[i][q]);
    }
  }
}

template <Multiply kMultiply, int kPixels>
constexpr TileRow tile_row() {
  return {{tile<kMultiply, kPixels, 1>, tile<kMultiply, kPixels, 2>}};
}

template <Multiply kMultiply>
constexpr TileSet tile_set(ConvTiling tiling) {
  return {tiling,
          4,
          false,
          {{tile_row<kMultiply, 1>(), tile_row<kMultiply, 2>(), tile_row<kMultiply, 3>(),
            tile_row<kMultiply, 4>()}}};
}

constexpr TileSet kPairsTiles = tile_set<kPairs>(kTilingAvx2Pairs);
constexpr TileSet kWideTiles = tile_set<kWide>(kTilingAvx2Wide);

// Sixteen at a time: reads and writes up to fifteen codes past `count`.
inline void widen(const uint8_t* in, std::int64_t count, uint8_t* out) {
  for (std::int64_t i = 0; i < count; i += 16) {
    const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * i), _mm256_cvtepu8_epi16(codes));
  }
}

// Copies the pixels that an item reads as 16-bit codes; returns where they lie. A pixel's spill
// into the next one is overwritten by it.
ConvSource widen_item(const ConvArgs& args, const ConvWork& work, const ConvItem& item,
                      uint8_t* copy) {
  const ConvShape& s = *args.shape;
  const bool last_row = item.row_end == work.rows;
  const std::int32_t width =
      work.rows_of_images && last_row ? args.batch - (work.rows - 1) * work.width : work.width;
  const ConvSource in = conv_source(args, work, item);
  const WidenedShape v = widened_shape(s, item.row_end - item.row_begin, width);
  const std::ptrdiff_t row_step = s.kernel_h == 1 ? in.row : args.in.row_step;
  const std::ptrdiff_t pixel_step = s.kernel_w == 1 ? in.pixel : args.in.pixel_step;
  const std::ptrdiff_t row_bytes = v.columns * v.pixel_bytes;
  uint8_t* out = copy;
  for (std::int32_t y = 0; y < v.rows; ++y, out += row_bytes) {
    const uint8_t* row = in.data + y * row_step;
    if (2 * pixel_step == v.pixel_bytes) {
      widen(row, v.columns * pixel_step, out);
      continue;
    }
    for (std::int32_t x = 0; x < v.columns; ++x) {
      widen(row + x * pixel_step, s.in_channels, out + x * v.pixel_bytes);
    }
  }
  ConvSource source{};
  source.data = copy;
  source.row = v.stride_h * row_bytes;
  source.pixel = v.stride_w * v.pixel_bytes;
  source.tap_row = s.dilation_h * row_bytes;
  source.tap_column = s.dilation_w * v.pixel_bytes;
  source.pixel_bytes = v.pixel_bytes;
  source.channel_bytes = 2;
  return source;
}

}  // namespace

void conv_u8s8_pairs_avx2_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                              std::byte* scratch) noexcept {
  const ConvWork work = conv_work(kTilingAvx2Pairs, *args.shape, args.batch);
  for (std::int64_t index = begin; index < end; ++index) {
    const ConvItem item = conv_item(work, index);
    const ConvSource source = conv_source(args, work, item);
    for (std::int32_t block = item.block_begin; block < item.block_end; ++block) {
      run_block(kPairsTiles, args, work, item, source, block, reinterpret_cast<int32_t*>(scratch));
    }
  }
}

void conv_u8s16_avx2_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                         std::byte* scratch) noexcept {
  const ConvWork work = conv_work(kTilingAvx2Wide, *args.shape, args.batch);
  for (std::int64_t index = begin; index < end; ++index) {
    const ConvItem item = conv_item(work, index);
    const ConvSource source =
        widen_item(args, work, item, reinterpret_cast<uint8_t*>(scratch + kTileBytes));
    for (std::int32_t block = item.block_begin; block < item.block_end; ++block) {
      run_block(kWideTiles, args, work, item, source, block, reinterpret_cast<int32_t*>(scratch));
    }
  }
}

}  // namespace gradus::kernels
