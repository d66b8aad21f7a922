// JPEG and PNG files to RGB pictures, under bounds: files come from anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "gradus/data/picture.h"

namespace gradus {

inline constexpr int kMaxPictureSide = 16384;
inline constexpr std::int64_t kMaxPicturePixels = std::int64_t{64} << 20;
inline constexpr std::uint64_t kMaxPictureFileBytes = std::uint64_t{256} << 20;

struct PictureSize {
  int width = 0;
  int height = 0;

  bool operator==(const PictureSize&) const = default;
};

// Decodes a whole JPEG or PNG file, told apart by its first bytes, to three channels, as Pillow's
// open().convert("RGB") does: JPEG with the accurate integer DCT and smooth chroma upsampling; grey
// repeated, CMYK (stored inverted, as Adobe does) as 255 - c - k + c * k; PNG alpha and
// transparency dropped, 16-bit samples cut to their upper byte. Exif rotation and colour profiles
// are ignored. Throws Error (kInvalidFile), starting with `where`, if it is neither, is malformed,
// ends early, or is larger than the limits above; what a decoder only warns of is accepted.
Picture decode_picture(std::span<const std::byte> file, const std::string& where);

// The size that decode_picture would give, from the header alone. Same errors.
PictureSize decode_picture_size(std::span<const std::byte> file, const std::string& where);

// The two formats; decode_picture chooses.
Picture decode_jpeg(std::span<const std::byte> file, const std::string& where);
Picture decode_png(std::span<const std::byte> file, const std::string& where);
PictureSize jpeg_size(std::span<const std::byte> file, const std::string& where);
PictureSize png_size(std::span<const std::byte> file, const std::string& where);

// Throws Error (kInvalidFile), starting with `where`, if a side or the area is over the limits.
void check_picture_size(std::uint64_t width, std::uint64_t height, const std::string& where);

}  // namespace gradus
