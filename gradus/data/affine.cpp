#include "gradus/data/affine.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace gradus {
namespace {

constexpr int kFractionBits = 16;

std::int64_t fixed(double value) {
  return static_cast<std::int64_t>(std::floor(value * (1 << kFractionBits) + 0.5));
}

}  // namespace

Picture transform(const PictureView& picture, const Affine& m) {
  const auto channels = static_cast<std::size_t>(picture.channels);
  const auto pixels =
      static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
  Picture result{picture.width, picture.height, picture.channels, {}};
  result.bytes.resize(pixels * channels);
  std::int64_t row_x = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5);
  std::int64_t row_y = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  std::uint8_t* out = result.bytes.data();
  for (int y = 0; y < picture.height; ++y) {
    std::int64_t at_x = row_x;
    std::int64_t at_y = row_y;
    for (int x = 0; x < picture.width; ++x, out += channels) {
      const std::int64_t in_x = at_x >> kFractionBits;
      const std::int64_t in_y = at_y >> kFractionBits;
      if (in_x >= 0 && in_x < picture.width && in_y >= 0 && in_y < picture.height) {
        std::copy_n(picture.row(static_cast<int>(in_y)) + in_x * picture.channels, channels, out);
      }
      at_x += fixed(m[0]);
      at_y += fixed(m[3]);
    }
    row_x += fixed(m[1]);
    row_y += fixed(m[4]);
  }
  return result;
}

Affine rotation(double degrees, int width, int height) {
  const double angle = -degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const double x = width / 2.0;
  const double y = height / 2.0;
  return {cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y};
}

}  // namespace gradus
