#include "gradus/kernels/copy/copy.h"

#include <cstring>

namespace gradus::kernels {
namespace {

void fill_pixels(const ActivationView& view, std::int64_t image, std::int64_t row,
                 std::int64_t column, std::int64_t count, std::uint8_t code) {
  if (count <= 0) return;
  std::memset(view.at(image, row, column), code, static_cast<std::size_t>(count * view.pixel_step));
}

}  // namespace

void copy_rows(const ActivationView& in, const ActivationView& out, std::int64_t begin,
               std::int64_t end) noexcept {
  const auto bytes = static_cast<std::size_t>(in.channels);
  const bool dense = in.pixel_step == in.channels && out.pixel_step == in.channels;
  for (std::int64_t item = begin; item < end; ++item) {
    const std::uint8_t* from = in.at(item / in.height, item % in.height, 0);
    std::uint8_t* to = out.at(item / in.height, item % in.height, 0);
    if (dense) {
      std::memcpy(to, from, bytes * static_cast<std::size_t>(in.width));
      continue;
    }
    for (std::int32_t x = 0; x < in.width; ++x) {
      std::memcpy(to + x * out.pixel_step, from + x * in.pixel_step, bytes);
    }
  }
}

void fill_halo(const ActivationView& view, const Halo& halo, std::uint8_t code, std::int64_t begin,
               std::int64_t end) noexcept {
  const std::int64_t whole = std::int64_t{halo.left} + view.width + halo.right;
  for (std::int64_t image = begin; image < end; ++image) {
    for (std::int64_t row = -halo.top; row < view.height + halo.bottom; ++row) {
      if (row < 0 || row >= view.height) {
        fill_pixels(view, image, row, -halo.left, whole, code);
      } else {
        fill_pixels(view, image, row, -halo.left, halo.left, code);
        fill_pixels(view, image, row, view.width, halo.right, code);
      }
    }
  }
}

}  // namespace gradus::kernels
