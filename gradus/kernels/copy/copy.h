// Moves codes unchanged between tensors: concatenation (out is a slice of wider pixels), slice,
// pad, flatten. numerics.md section 7.
#pragma once

#include <cstdint>

#include "gradus/kernels/tensor_view.h"

namespace gradus::kernels {

// Copies rows: item i is row i % in.height of image i / in.height. `in` and `out` have the same
// height, width and channels and do not overlap. Nothing past a pixel's channels is written.
void copy_rows(const ActivationView& in, const ActivationView& out, std::int64_t begin,
               std::int64_t end) noexcept;

// out(y, x, c) = the byte rows[y] + columns[x] + channels[c] past pixel (0, 0) of the same image of
// `in`: items are rows of `out`. `consecutive`: channels[c] = channels[0] + c, so that pixels move
// whole. `in` and `out` do not overlap.
struct GatherArgs {
  const std::ptrdiff_t* rows = nullptr;      // [out.height]
  const std::ptrdiff_t* columns = nullptr;   // [out.width]
  const std::ptrdiff_t* channels = nullptr;  // [out.channels]
  bool consecutive = false;
  ActivationView in, out;
};
void gather_rows(const GatherArgs& args, std::int64_t begin, std::int64_t end) noexcept;

// Writes `code` to the halo of images [begin, end): `top`, `bottom` rows and `left`, `right` pixels
// around each image. Whole pixels are written, pixel_step bytes each.
struct Halo {
  std::int32_t top = 0, bottom = 0, left = 0, right = 0;
};
void fill_halo(const ActivationView& view, const Halo& halo, std::uint8_t code, std::int64_t begin,
               std::int64_t end) noexcept;

}  // namespace gradus::kernels
