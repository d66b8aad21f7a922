// Pictures as bytes: rows top to bottom, pixels left to right, channels interleaved (R, G, B).
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

}  // namespace gradus
