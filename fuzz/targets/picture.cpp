// JPEG and PNG: the bytes as they are, and for PNG again with checksums that fit, so that damage
// gets past them.
#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "fuzz/judge.h"
#include "gradus/base/error.h"
#include "gradus/data/decode.h"
#include "tests/data/picture_files.h"

namespace gradus::fuzz {
namespace {

constexpr std::size_t kSignature = 8;

std::uint32_t big_endian(const std::string& file, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(file[at + i]);
  }
  return value;
}

// The file with every chunk's CRC that of its content, as far as its lengths lead.
std::string with_sums(std::string file) {
  for (std::size_t at = kSignature; at + 12 <= file.size();) {
    const std::size_t length = big_endian(file, at);
    if (length > file.size() - at - 12) break;
    const auto* chunk = reinterpret_cast<const Bytef*>(&file[at + 4]);
    const auto sum = static_cast<std::uint32_t>(::crc32(0, chunk, static_cast<uInt>(length + 4)));
    for (std::size_t i = 0; i < 4; ++i) {
      file[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i));
    }
    at += length + 12;
  }
  return file;
}

void decode(const std::string& file, const DecodeOptions& options) {
  // A side of more is sound, but would take long.
  const PictureSize size = decode_picture_size(bytes_of(file), "fuzzed", options);
  if (std::int64_t{size.width} * size.height > 1 << 20) return;
  const Picture picture = decode_picture(bytes_of(file), "fuzzed", options);
  require(picture.width == size.width && picture.height == size.height &&
              picture.channels == (options.alpha ? 4 : 3),
          "a picture of another size or kind than announced");
  require(
      std::ssize(picture.bytes) == std::int64_t{picture.width} * picture.height * picture.channels,
      "a picture with another number of bytes than its size says");
}

void run(Bytes bytes) {
  const std::string file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (file.size() > kSignature && file.starts_with("\x89PNG")) {
    try {
      decode(with_sums(file), {.upright = true, .alpha = true});
    } catch (const Error&) {
    }
  }
  decode(file, {});
}

// Exif data that says how the camera was held, and nothing else.
std::string tiff_turned(char orientation) {
  return std::string("II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + orientation +
         std::string(7, '\0');
}

// The JPEG with Exif in an application segment right behind its start.
std::string with_exif_segment(std::string jpeg, const std::string& tiff) {
  const std::string content = std::string("Exif\0\0", 6) + tiff;
  std::string segment = "\xff\xe1";
  segment += static_cast<char>((content.size() + 2) >> 8);
  segment += static_cast<char>((content.size() + 2) & 0xff);
  return jpeg.insert(2, segment + content);
}

std::vector<std::string> seeds() {
  const Picture rgb = pattern_picture(13, 9);
  return {
      encode_jpeg(rgb),
      encode_jpeg(rgb, {.quality = 40, .progressive = true, .cmyk = false}),
      encode_jpeg(pattern_picture(9, 5, 4), {.quality = 80, .progressive = false, .cmyk = true}),
      encode_jpeg(pattern_picture(17, 8, 1)),
      encode_png(rgb),
      encode_png(rgb, 16),
      encode_png(pattern_picture(5, 4, 2)),
      encode_png(pattern_picture(5, 4, 4)),
      encode_png_with_exif(pattern_picture(5, 4), tiff_turned(6)),
      with_exif_segment(encode_jpeg(rgb), tiff_turned(8)),
      encode_palette_png({2, 2, 1, {0, 1, 1, 0}}, std::string("\1\2\3\4\5\6", 6))};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
