// How the tiled convolution kernels cut a layer: blocks of output channels, rows of output pixels,
// items of work. In an unnamed namespace: files compiled for different instruction sets must not
// share code.
//
//   A block is up to two vectors of output channels of one group. Packed weights, for every block
//   (the last of a group may fill only its first vector):
//       [kernel_h][kernel_w][steps][vectors * lanes][channels of a step]
//   A step is the input channels that one 32-bit lane holds: four 8-bit or two 16-bit ones.
#pragma once

#include "gradus/kernels/conv/conv.h"

namespace gradus::kernels {
namespace {

struct ConvTiling {
  std::int32_t lanes;          // int32 lanes of a vector
  std::int32_t step_channels;  // input channels of a step, 4 bytes in all
  std::int32_t item_blocks;    // blocks of one item, where there is one group
};

constexpr ConvTiling kTilingAvx512{16, 4, 1};
constexpr ConvTiling kTilingAvx2Pairs{8, 4, 1};
constexpr ConvTiling kTilingAvx2Wide{8, 2, 4};  // several blocks share one widening of the input

// A 1x1 layer of single pixels (fully connected) computes this many images as one row of pixels.
constexpr std::int32_t kImagesPerRow = 14;
constexpr std::int32_t kPixelsPerItem = 56;
constexpr std::int64_t kWeightsInCache = 256 << 10;
constexpr std::size_t kTileBytes = 2 * 7 * 32 * sizeof(std::int32_t);  // accumulators of a tile

struct ConvWork {
  std::int32_t group_out, group_steps;  // output channels and steps of a group
  std::int32_t group_blocks, blocks;    // blocks of a group, of the layer
  std::int64_t block_bytes;
  bool rows_of_images;                  // kImagesPerRow
  std::int64_t images;                  // 1 where rows_of_images
  std::int32_t rows, width;             // of output pixels; a row of images may be shorter
  std::int32_t row_parts, block_parts;  // items = images * row_parts * block_parts
  bool weights_outer;                   // all pixels for one block, then the next block
};

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

inline ConvWork conv_work(const ConvTiling& t, const ConvShape& s, std::int64_t batch) {
  ConvWork w{};
  w.group_out = s.out_channels / s.groups;
  w.group_steps = static_cast<std::int32_t>(divide_up(s.in_channels / s.groups, t.step_channels));
  w.group_blocks = static_cast<std::int32_t>(divide_up(w.group_out, 2 * t.lanes));
  w.blocks = w.group_blocks * s.groups;
  w.block_bytes = std::int64_t{s.kernel_h} * s.kernel_w * w.group_steps * 2 * t.lanes * 4;
  w.rows_of_images = s.out_height * s.out_width * s.kernel_h * s.kernel_w == 1;
  w.images = w.rows_of_images ? 1 : batch;
  w.rows =
      w.rows_of_images ? static_cast<std::int32_t>(divide_up(batch, kImagesPerRow)) : s.out_height;
  w.width = w.rows_of_images ? kImagesPerRow : s.out_width;
  const std::int32_t rows_per_item =
      w.rows_of_images || w.width >= kPixelsPerItem ? 1 : kPixelsPerItem / w.width;
  w.row_parts = static_cast<std::int32_t>(divide_up(w.rows, rows_per_item));
  const std::int32_t item_blocks = t.item_blocks > 1 && s.groups > 1 ? w.blocks : t.item_blocks;
  w.block_parts = static_cast<std::int32_t>(divide_up(w.blocks, item_blocks));
  w.weights_outer = w.block_bytes * w.blocks > kWeightsInCache;
  return w;
}

struct ConvItem {
  std::int64_t image;
  std::int32_t row_begin, row_end;  // output rows
  std::int32_t block_begin, block_end;
};

inline std::int32_t part(std::int32_t whole, std::int64_t index, std::int32_t parts) {
  return static_cast<std::int32_t>(whole * index / parts);
}

inline ConvItem conv_item(const ConvWork& w, std::int64_t index) {
  const std::int64_t pixel_parts = w.images * w.row_parts;
  const std::int64_t block = w.weights_outer ? index / pixel_parts : index % w.block_parts;
  const std::int64_t pixel = w.weights_outer ? index % pixel_parts : index / w.block_parts;
  const std::int64_t row = pixel % w.row_parts;
  return {pixel / w.row_parts, part(w.rows, row, w.row_parts), part(w.rows, row + 1, w.row_parts),
          part(w.blocks, block, w.block_parts), part(w.blocks, block + 1, w.block_parts)};
}

// The copy of an item's input as 16-bit codes (x86_avx2): where a kernel has one row or column, the
// rows or columns between its strides are left out.
struct WidenedShape {
  std::int32_t rows, columns;       // of pixels
  std::int32_t stride_h, stride_w;  // between output pixels, in pixels of the copy
  std::int64_t pixel_bytes;
};

inline WidenedShape widened_shape(const ConvShape& s, std::int32_t out_rows,
                                  std::int32_t out_width) {
  WidenedShape v{};
  v.stride_h = s.kernel_h == 1 ? 1 : s.stride_h;
  v.stride_w = s.kernel_w == 1 ? 1 : s.stride_w;
  v.rows = (out_rows - 1) * v.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  v.columns = (out_width - 1) * v.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  v.pixel_bytes = divide_up(s.in_channels, 2) * 4;
  return v;
}

}  // namespace
}  // namespace gradus::kernels
