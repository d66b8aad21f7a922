// Walks the rows of a depthwise convolution; the instruction set's file brings the tiles. In an
// unnamed namespace: files compiled for different instruction sets must not share code.
//
//   A block is two vectors of channels, a tile up to four neighbouring pixels of a block. Packed
//   weights: [block][kernel_h][kernel_w][2 * lanes] int32, the weight in the low 16 bits and zero
//   in the high ones, so that vpmaddwd multiplies it with a code widened to 32 bits.
#pragma once

#include "gradus/kernels/conv/conv.h"

namespace gradus::kernels {
namespace {

struct DepthwiseTile {
  const std::uint8_t* in;  // first tap of the first pixel, first channel of the block
  std::ptrdiff_t pixel, tap_row, tap_column;
  std::int32_t tap_rows, tap_columns;
  const std::int32_t* weights;
  const std::int32_t* bias;
  std::int32_t* acc;  // [pixels][2 * lanes], written
};
using DepthwiseTileFn = void (*)(const DepthwiseTile& tile);

struct DepthwiseTiles {
  std::int32_t lanes;
  DepthwiseTileFn tiles[4];  // [pixels - 1]
};

inline void depthwise_block(const DepthwiseTiles& set, const ConvArgs& args, std::int64_t image,
                            std::int64_t row, std::int32_t channel, std::int32_t* acc) {
  const ConvShape& s = *args.shape;
  const ActivationView& in = args.in;
  const std::int32_t width = 2 * set.lanes;
  const bool floats = args.output->kind == OutputKind::kFloat;
  DepthwiseTile tile{};
  tile.pixel = s.stride_w * in.pixel_step;
  tile.tap_row = s.dilation_h * in.row_step;
  tile.tap_column = s.dilation_w * in.pixel_step;
  tile.tap_rows = s.kernel_h;
  tile.tap_columns = s.kernel_w;
  tile.weights = reinterpret_cast<const std::int32_t*>(args.packed) +
                 std::ptrdiff_t{channel} * s.kernel_h * s.kernel_w;
  tile.bias = args.bias + channel;
  tile.acc = acc;
  const std::uint8_t* begin = in.data + image * in.image_step +
                              (row * s.stride_h - s.pad_top) * in.row_step -
                              s.pad_left * in.pixel_step + channel;
  const std::int32_t left = s.out_channels - channel;
  for (std::int32_t x = 0; x < s.out_width; x += 4) {
    const std::int32_t pixels = s.out_width - x < 4 ? s.out_width - x : 4;
    tile.in = begin + x * tile.pixel;
    set.tiles[pixels - 1](tile);
    void* out = nullptr;
    if (floats) {
      out = args.out_float + ((image * s.out_height + row) * s.out_width + x) * s.out_channels +
            channel;
    } else {
      out = args.out.data + image * args.out.image_step + row * args.out.row_step +
            x * args.out.pixel_step + channel;
    }
    const OutputTile stored{acc,
                            width,
                            pixels,
                            channel,
                            left < width ? left : width,
                            out,
                            floats ? s.out_channels : args.out.pixel_step};
    args.store(*args.output, stored);
  }
}

// Items are output rows.
inline void depthwise_rows(const DepthwiseTiles& set, const ConvArgs& args, std::int64_t begin,
                           std::int64_t end, std::byte* scratch) {
  const ConvShape& s = *args.shape;
  for (std::int64_t item = begin; item < end; ++item) {
    for (std::int32_t c = 0; c < s.out_channels; c += 2 * set.lanes) {
      depthwise_block(set, args, item / s.out_height, item % s.out_height, c,
                      reinterpret_cast<std::int32_t*>(scratch));
    }
  }
}

}  // namespace
}  // namespace gradus::kernels
