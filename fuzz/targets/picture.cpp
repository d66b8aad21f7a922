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

void decode(const std::string& file) {
  // A side of more is sound, but would take long.
  const PictureSize size = decode_picture_size(bytes_of(file), "fuzzed");
  if (std::int64_t{size.width} * size.height > 1 << 20) return;
  const Picture picture = decode_picture(bytes_of(file), "fuzzed");
  require(picture.channels == 3 &&
              picture.bytes.size() == static_cast<std::size_t>(picture.width) *
                                          static_cast<std::size_t>(picture.height) * 3,
          "a picture with another number of bytes than its size says");
}

void run(Bytes bytes) {
  const std::string file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (file.size() > kSignature && file.starts_with("\x89PNG")) {
    try {
      decode(with_sums(file));
    } catch (const Error&) {
    }
  }
  decode(file);
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
      encode_palette_png({2, 2, 1, {0, 1, 1, 0}}, std::string("\1\2\3\4\5\6", 6))};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
