// Activations in the engine: unsigned 8-bit stored codes (code - quant_min, so 0 .. 2^bits - 1),
// NHWC, with a border (halo) around every image that holds the code of real zero.
//
//   data        first channel of pixel (0, 0) of image 0, inside the halo
//   pixel_step  bytes between pixels, a multiple of 4 and >= channels; the channels past `channels`
//               hold anything: packed weights are zero there
//   Reading up to 64 bytes past the last pixel is allowed: the arena is padded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus::kernels {

struct ActivationView {
  std::uint8_t* data = nullptr;
  std::int32_t height = 1;
  std::int32_t width = 1;
  std::int32_t channels = 1;
  std::ptrdiff_t pixel_step = 4;
  std::ptrdiff_t row_step = 4;
  std::ptrdiff_t image_step = 4;

  std::uint8_t* at(std::int64_t image, std::int64_t row, std::int64_t column) const noexcept {
    return data + image * image_step + row * row_step + column * pixel_step;
  }
};

// A view of one pixel an image as height x width of it; a view of that size already stays itself.
inline ActivationView broadcast_view(ActivationView view, std::int32_t height,
                                     std::int32_t width) noexcept {
  if (view.height == height && view.width == width) return view;
  view.height = height;
  view.width = width;
  view.row_step = 0;
  view.pixel_step = 0;
  return view;
}

}  // namespace gradus::kernels
