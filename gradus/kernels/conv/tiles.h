// Walks the items, blocks and tiles of a convolution; the instruction set's file brings the tiles.
// In an unnamed namespace: files compiled for different instruction sets must not share code.
//
//   An output row is cut into runs of neighbouring pixels of nearly equal length. A tile is one
//   run, or two of the same length (of one row, or of this row and the next), times one or two
//   vectors of output channels, all in registers:
//       acc[run 0 pixel 0 .. run 1 pixel P-1][vector 0 .. vector Q-1]
#pragma once

#include "gradus/kernels/conv/work.h"

namespace gradus::kernels {
namespace {

struct TileArgs {
  const std::uint8_t* run[2];  // step 0 of the first tap of each run's first pixel
  std::ptrdiff_t pixel;        // bytes between the pixels of a run
  std::ptrdiff_t tap_row, tap_column;
  std::int32_t tap_rows, tap_columns, steps;  // steps of 4 bytes within a tap
  const std::byte* weights;
  const std::int32_t* bias;
  std::int32_t channels;  // outputs that exist, 1 .. 2 * lanes
  std::int32_t* acc;      // [pixels][vectors * lanes], written
};
using TileFn = void (*)(const TileArgs& args);

constexpr std::int32_t kLongestRun = 7;

struct TileRow {
  TileFn vectors[2];
};

struct TileSet {
  ConvTiling tiling;
  std::int32_t longest_run;
  bool pairs;                     // whether there are tiles of two runs
  TileRow tiles[2][kLongestRun];  // [runs - 1][pixels - 1]
};

// Where an item reads: the input itself, or a copy of it.
struct ConvSource {
  const std::uint8_t* data;   // channel 0 of tap (0, 0) of the item's first output pixel
  std::ptrdiff_t row, pixel;  // bytes between output rows, output pixels
  std::ptrdiff_t tap_row, tap_column;
  std::ptrdiff_t pixel_bytes;  // between neighbouring pixels of the input
  std::ptrdiff_t channel_bytes;
};

struct Run {
  std::int32_t row, column, pixels;
};

// The runs of an item, one after the other.
struct Runs {
  std::int32_t row, row_end, width, last_width;  // last_width: of the layer's last row
  std::int32_t rows;                             // of the layer
  std::int32_t longest;
  std::int32_t index = 0;

  bool next(Run* run) {
    if (row == row_end) return false;
    const std::int32_t cells = row == rows - 1 ? last_width : width;
    const std::int32_t count = (cells + longest - 1) / longest;
    const std::int32_t small = cells / count;
    const std::int32_t larger = cells % count;  // the first runs are a pixel longer
    *run = {row, index * small + (index < larger ? index : larger),
            small + (index < larger ? 1 : 0)};
    if (++index == count) {
      index = 0;
      ++row;
    }
    return true;
  }
};

struct ConvOut {
  std::byte* data;  // channel 0 of output row 0 of the item's image
  std::ptrdiff_t row, pixel, element;
};

inline ConvOut conv_out(const ConvArgs& args, const ConvWork& work, std::int64_t image) {
  const ConvShape& s = *args.shape;
  ConvOut out{};
  if (args.output->kind == OutputKind::kFloat) {
    out.element = sizeof(float);
    out.pixel = std::ptrdiff_t{s.out_channels} * out.element;
    out.row = out.pixel * work.width;
    out.data = reinterpret_cast<std::byte*>(args.out_float) + image * out.row * work.rows;
  } else {
    out.element = 1;
    out.pixel = work.rows_of_images ? args.out.image_step : args.out.pixel_step;
    out.row = work.rows_of_images ? out.pixel * work.width : args.out.row_step;
    out.data = reinterpret_cast<std::byte*>(args.out.data) + image * args.out.image_step;
  }
  return out;
}

inline ConvSource conv_source(const ConvArgs& args, const ConvWork& work, const ConvItem& item) {
  const ConvShape& s = *args.shape;
  const ActivationView& in = args.in;
  ConvSource source{};
  source.row = in.row_step * s.stride_h;
  source.pixel = in.pixel_step * s.stride_w;
  if (work.rows_of_images) {
    source.pixel = in.image_step;
    source.row = in.image_step * work.width;
  }
  source.tap_row = in.row_step * s.dilation_h;
  source.tap_column = in.pixel_step * s.dilation_w;
  source.pixel_bytes = in.pixel_step;
  source.channel_bytes = 1;
  source.data = in.data + item.image * in.image_step - s.pad_top * in.row_step -
                s.pad_left * in.pixel_step + item.row_begin * source.row;
  return source;
}

// What all tiles of a block have in common.
struct Block {
  std::int32_t channel;  // the first output
  std::int32_t vectors;
  const std::uint8_t* data;  // as ConvSource::data, at the group's first channel
  TileArgs tile;             // but for the runs
};

inline Block conv_block(const TileSet& set, const ConvArgs& args, const ConvWork& work,
                        const ConvSource& source, std::int32_t index, std::int32_t* acc) {
  const ConvShape& s = *args.shape;
  const std::int32_t group = index / work.group_blocks;
  const std::int32_t inside = (index % work.group_blocks) * 2 * set.tiling.lanes;
  const std::int32_t left = work.group_out - inside;
  Block block{};
  block.channel = group * work.group_out + inside;
  block.vectors = left > set.tiling.lanes ? 2 : 1;
  block.data =
      source.data + std::ptrdiff_t{group} * (s.in_channels / s.groups) * source.channel_bytes;
  TileArgs& tile = block.tile;
  tile.pixel = source.pixel;
  tile.tap_row = source.tap_row;
  tile.tap_column = source.tap_column;
  tile.tap_rows = s.kernel_h;
  tile.tap_columns = s.kernel_w;
  tile.steps = work.group_steps;
  if (s.dilation_w == 1 && source.pixel_bytes == std::ptrdiff_t{4} * tile.steps) {
    // The taps of a row follow each other in memory: one long tap.
    tile.steps *= s.kernel_w;
    tile.tap_columns = 1;
  }
  tile.weights = args.packed + index * work.block_bytes;
  tile.bias = args.bias + block.channel;
  tile.channels = left < 2 * set.tiling.lanes ? left : 2 * set.tiling.lanes;
  tile.acc = acc;
  return block;
}

inline void store_run(const ConvArgs& args, const ConvOut& out, const Run& run, const Block& block,
                      std::int32_t acc_step, const std::int32_t* acc) {
  std::byte* place =
      out.data + run.row * out.row + run.column * out.pixel + block.channel * out.element;
  const OutputTile tile{acc,
                        acc_step,
                        run.pixels,
                        block.channel,
                        block.tile.channels,
                        place,
                        out.pixel / out.element};
  args.store(*args.output, tile);
}

// One block of output channels over the pixels of an item.
inline void run_block(const TileSet& set, const ConvArgs& args, const ConvWork& work,
                      const ConvItem& item, const ConvSource& source, std::int32_t index,
                      std::int32_t* acc) {
  Block block = conv_block(set, args, work, source, index, acc);
  const ConvOut out = conv_out(args, work, item.image);
  const std::int32_t acc_step = block.vectors * set.tiling.lanes;
  const std::int32_t last_width =
      work.rows_of_images ? args.batch - (work.rows - 1) * work.width : work.width;
  Runs runs{item.row_begin, item.row_end, work.width, last_width, work.rows, set.longest_run};
  const auto begin_of = [&](const Run& run) {
    return block.data + (run.row - item.row_begin) * source.row + run.column * source.pixel;
  };
  Run first{};
  bool more = runs.next(&first);
  while (more) {
    Run second{};
    more = runs.next(&second);
    const bool both = set.pairs && more && first.pixels == second.pixels;
    block.tile.run[0] = begin_of(first);
    block.tile.run[1] = both ? begin_of(second) : nullptr;
    set.tiles[both ? 1 : 0][first.pixels - 1].vectors[block.vectors - 1](block.tile);
    store_run(args, out, first, block, acc_step, acc);
    if (both) {
      store_run(args, out, second, block, acc_step, acc + first.pixels * acc_step);
      more = runs.next(&second);
    }
    first = second;
  }
}

}  // namespace
}  // namespace gradus::kernels
