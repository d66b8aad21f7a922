// What the tiled kernels do once, at load: can they, how much memory, and the layout of weights.
#include <algorithm>

#include "gradus/kernels/conv/kernels.h"
#include "gradus/kernels/conv/work.h"

namespace gradus::kernels {
namespace {

std::size_t packed_bytes(const ConvTiling& t, const ConvShape& shape) {
  const ConvWork work = conv_work(t, shape, 1);
  return static_cast<std::size_t>(work.block_bytes * work.blocks);
}

// Weight [o][ky][kx][i] of a group, 0 past its channels.
std::int16_t weight_at(const ConvProblem& p, std::int64_t out, std::int64_t tap,
                       std::int64_t channel) {
  const ConvShape& s = p.shape;
  const std::int64_t channels = s.in_channels / s.groups;
  if (channel >= channels) return 0;
  const std::int64_t taps = std::int64_t{s.kernel_h} * s.kernel_w;
  return p.weights[static_cast<std::size_t>((out * taps + tap) * channels + channel)];
}

template <typename Element>
Element* pack_block(const ConvTiling& t, const ConvProblem& p, std::int64_t first_out,
                    std::int32_t outs, Element* packed) {
  const ConvWork work = conv_work(t, p.shape, 1);
  const std::int64_t taps = std::int64_t{p.shape.kernel_h} * p.shape.kernel_w;
  const std::int32_t lanes = outs > t.lanes ? 2 * t.lanes : t.lanes;
  for (std::int64_t tap = 0; tap < taps; ++tap) {
    for (std::int64_t step = 0; step < work.group_steps; ++step) {
      for (std::int32_t lane = 0; lane < lanes; ++lane) {
        for (std::int32_t c = 0; c < t.step_channels; ++c) {
          *packed++ = static_cast<Element>(
              lane < outs ? weight_at(p, first_out + lane, tap, step * t.step_channels + c) : 0);
        }
      }
    }
  }
  return packed;
}

template <typename Element>
void pack(const ConvTiling& t, const ConvProblem& p, std::byte* packed) {
  const ConvWork work = conv_work(t, p.shape, 1);
  for (std::int32_t block = 0; block < work.blocks; ++block) {
    const std::int32_t group = block / work.group_blocks;
    const std::int32_t inside = (block % work.group_blocks) * 2 * t.lanes;
    std::byte* place = packed + block * work.block_bytes;
    Element* end = pack_block(t, p, std::int64_t{group} * work.group_out + inside,
                              std::min(work.group_out - inside, 2 * t.lanes),
                              reinterpret_cast<Element*>(place));
    std::fill(reinterpret_cast<std::byte*>(end), place + work.block_bytes, std::byte{0});
  }
}

std::int64_t work_items(const ConvTiling& t, const ConvShape& shape, std::int64_t batch) {
  const ConvWork work = conv_work(t, shape, batch);
  return work.images * work.row_parts * work.block_parts;
}

// Whether every pair of products that vpmaddubsw adds stays within int16. A pair is two
// neighbouring channels of a step; inputs are not negative, so products of one sign only add up.
bool pairs_fit(const ConvProblem& p) {
  const ConvShape& s = p.shape;
  const std::size_t channels = static_cast<std::size_t>(s.in_channels / s.groups);
  for (std::size_t row = 0; row < p.weights.size(); row += channels) {
    for (std::size_t i = 0; i < channels; i += 2) {
      const std::int32_t a = p.weights[row + i];
      const std::int32_t b = i + 1 < channels ? p.weights[row + i + 1] : 0;
      if (p.input_max * (std::max(a, 0) + std::max(b, 0)) > 32767) return false;
      if (p.input_max * (std::min(a, 0) + std::min(b, 0)) < -32768) return false;
    }
  }
  return true;
}

}  // namespace

const char* conv_u8s8_unsupported(const ConvProblem& problem) noexcept {
  if (problem.shape.depthwise() && problem.shape.groups > 1) return "depthwise";
  if (problem.weight_min < -128 || problem.weight_max > 127) return "weights pass int8";
  return nullptr;
}

const char* conv_u8s8_pairs_unsupported(const ConvProblem& problem) noexcept {
  if (const char* reason = conv_u8s8_unsupported(problem); reason != nullptr) return reason;
  return pairs_fit(problem) ? nullptr : "a pair of products can pass int16";
}

const char* conv_u8s16_unsupported(const ConvProblem& problem) noexcept {
  return problem.shape.depthwise() && problem.shape.groups > 1 ? "depthwise" : nullptr;
}

std::size_t conv_tile_scratch_bytes(const ConvShape&) noexcept { return kTileBytes; }

std::size_t conv_avx512_packed_bytes(const ConvProblem& problem) noexcept {
  return packed_bytes(kTilingAvx512, problem.shape);
}
void conv_avx512_pack(const ConvProblem& problem, std::byte* packed) noexcept {
  pack<std::int8_t>(kTilingAvx512, problem, packed);
}
std::int64_t conv_avx512_work_items(const ConvShape& shape, std::int64_t batch) noexcept {
  return work_items(kTilingAvx512, shape, batch);
}

std::size_t conv_avx2_pairs_packed_bytes(const ConvProblem& problem) noexcept {
  return packed_bytes(kTilingAvx2Pairs, problem.shape);
}
void conv_avx2_pairs_pack(const ConvProblem& problem, std::byte* packed) noexcept {
  pack<std::int8_t>(kTilingAvx2Pairs, problem, packed);
}
std::int64_t conv_avx2_pairs_work_items(const ConvShape& shape, std::int64_t batch) noexcept {
  return work_items(kTilingAvx2Pairs, shape, batch);
}

std::size_t conv_avx2_wide_packed_bytes(const ConvProblem& problem) noexcept {
  return packed_bytes(kTilingAvx2Wide, problem.shape);
}
void conv_avx2_wide_pack(const ConvProblem& problem, std::byte* packed) noexcept {
  pack<std::int16_t>(kTilingAvx2Wide, problem, packed);
}
std::int64_t conv_avx2_wide_work_items(const ConvShape& shape, std::int64_t batch) noexcept {
  return work_items(kTilingAvx2Wide, shape, batch);
}
std::size_t conv_avx2_wide_scratch_bytes(const ConvShape& shape) noexcept {
  // Any batch: one row of images at most, or the rows of one image.
  const ConvWork work = conv_work(kTilingAvx2Wide, shape, 1);
  const auto rows = static_cast<std::int32_t>(divide_up(work.rows, work.row_parts));
  const WidenedShape copy = widened_shape(shape, rows, work.width);
  // Each pixel is written 16 channels at a time.
  const std::int64_t bytes = copy.rows * copy.columns * copy.pixel_bytes + 64;
  return kTileBytes + static_cast<std::size_t>(divide_up(bytes, 64) * 64);
}

}  // namespace gradus::kernels
