// Pictures as bytes: rows top to bottom, pixels left to right, channels interleaved: grey, RGB, or
// RGB and alpha.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradus {

// Borrowed pixels; `row_stride` bytes from one row to the next.
struct PictureView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  int channels = 0;
  std::ptrdiff_t row_stride = 0;

  const std::uint8_t* row(int y) const { return data + y * row_stride; }
};

// Owned pixels, rows without gaps.
struct Picture {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> bytes{};

  PictureView view() const {
    return {bytes.data(), width, height, channels, std::ptrdiff_t{width} * channels};
  }
};

// The picture with 1, 3 or 4 channels: grey repeated; RGB to grey by luma (enhance.h), as Pillow's
// convert("L") does; alpha left out, or 255 where there was none.
Picture with_channels(Picture picture, int channels);

}  // namespace gradus
