// JPEG and PNG files to RGB pictures, under bounds: files come from anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "gradus/data/limits.h"
#include "gradus/data/picture.h"

namespace gradus {

struct PictureSize {
  int width = 0;
  int height = 0;

  bool operator==(const PictureSize&) const = default;
};

struct DecodeOptions {
  bool upright = true;  // turned as the Exif tag says; torchvision's folders do not
  bool alpha = false;   // four channels, the last one how much is seen, 255 where all is
};

// Decodes a whole JPEG or PNG file, told apart by its first bytes, to three channels, as Pillow's
// open().convert("RGB") does: JPEG with the accurate integer DCT and smooth chroma upsampling; grey
// repeated, CMYK and YCCK (stored inverted, as Adobe does) as 255 - c - k + c * k; PNG of every bit
// depth, palettes looked up, alpha and transparent colours dropped (with `alpha` kept, as
// convert("RGBA") does), 16-bit samples cut to their upper byte, gamma and colour profiles ignored.
// Throws Error (kInvalidFile), starting with `where`, if it is neither, is malformed, ends early,
// or is larger than limits.h allows; what a decoder only warns of is accepted.
Picture decode_picture(std::span<const std::byte> file, const std::string& where,
                       const DecodeOptions& options = {});

// The size that decode_picture would give, from the header alone. Same errors.
PictureSize decode_picture_size(std::span<const std::byte> file, const std::string& where,
                                const DecodeOptions& options = {});

// One of the two formats, as it is stored; decode_picture chooses and turns.
struct StoredPicture {
  Picture picture;
  int orientation = 1;  // exif.h
};
StoredPicture decode_jpeg(std::span<const std::byte> file, const std::string& where);
StoredPicture decode_png(std::span<const std::byte> file, const std::string& where, bool alpha);

struct StoredSize {
  PictureSize size;
  int orientation = 1;
};
StoredSize jpeg_size(std::span<const std::byte> file, const std::string& where);
StoredSize png_size(std::span<const std::byte> file, const std::string& where);

// Throws Error (kInvalidFile), starting with `where`, if a side or the area is over the limits.
void check_picture_size(std::uint64_t width, std::uint64_t height, const std::string& where);

}  // namespace gradus
