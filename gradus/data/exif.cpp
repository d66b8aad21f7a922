#include "gradus/data/exif.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "gradus/base/check.h"

namespace gradus {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShortType = 3;
constexpr std::size_t kEntryBytes = 12;

// Bounded numbers of a TIFF structure in its byte order; empty beyond its end.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes)
      : bytes_(bytes), big_(bytes.size() >= 2 && bytes[0] == std::byte{'M'}) {}

  std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + (big_ ? i : size - 1 - i)]);
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_;
};

}  // namespace

std::optional<std::span<const std::byte>> exif_of_segment(std::span<const std::byte> segment) {
  constexpr std::string_view kName("Exif\0\0", 6);
  if (segment.size() < kName.size() ||
      std::memcmp(segment.data(), kName.data(), kName.size()) != 0) {
    return std::nullopt;
  }
  return segment.subspan(kName.size());
}

int exif_orientation(std::span<const std::byte> bytes) {
  const Tiff tiff(bytes);
  const bool marked = bytes.size() >= 2 && bytes[0] == bytes[1] &&
                      (bytes[0] == std::byte{'M'} || bytes[0] == std::byte{'I'});
  if (!marked || tiff.number(2, 2) != 42u) return 1;
  const std::size_t directory = tiff.number(4, 4).value_or(0);
  const std::size_t entries = tiff.number(directory, 2).value_or(0);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + i * kEntryBytes;
    const auto tag = tiff.number(at, 2);
    if (!tag) return 1;
    if (tag != kOrientationTag) continue;
    const auto value = tiff.number(at + 8, 2);
    const bool fits = tiff.number(at + 2, 2) == kShortType && tiff.number(at + 4, 4) == 1u;
    return fits && value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
  }
  return 1;
}

Picture turned_upright(Picture picture, int orientation) {
  check(orientation >= 1 && orientation <= 8, "an orientation is 1 to 8");
  if (orientation == 1) return picture;
  // Exif: 2 mirrored, 3 half a turn, 4 upside down; 5 rows and columns swapped, 6 seen after a
  // quarter turn clockwise, 8 after one counterclockwise, 7 swapped along the other diagonal.
  const bool swap = swaps_sides(orientation);
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Picture result = picture;
  if (swap) std::swap(result.width, result.height);
  std::uint8_t* out = result.bytes.data();
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x, out += picture.channels) {
      int in_x = swap ? y : x;
      int in_y = swap ? x : y;
      if (from_right) in_x = picture.width - 1 - in_x;
      if (from_bottom) in_y = picture.height - 1 - in_y;
      std::copy_n(picture.view().row(in_y) + in_x * picture.channels, picture.channels, out);
    }
  }
  return result;
}

}  // namespace gradus
