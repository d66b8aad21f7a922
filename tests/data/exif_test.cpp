#include "gradus/data/exif.h"

#include <gtest/gtest.h>

#include "gradus/data/decode.h"
#include "tests/data/archive_files.h"
#include "tests/data/picture_files.h"

namespace gradus {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::string number(bool big, std::uint64_t value, int bytes) {
  return big ? big_endian_bytes(value, bytes) : little_endian_bytes(value, bytes);
}

// A TIFF header and a directory of the given tag, between two others.
std::string tiff(bool big, std::uint64_t orientation, std::uint64_t tag = 0x0112) {
  const auto entry = [&](std::uint64_t name, std::uint64_t value) {
    return number(big, name, 2) + number(big, 3, 2) + number(big, 1, 4) + number(big, value, 2) +
           number(big, 0, 2);
  };
  return (big ? "MM" : "II") + number(big, 42, 2) + number(big, 8, 4) + number(big, 3, 2) +
         entry(0x0100, 5) + entry(tag, orientation) + entry(0x0128, 2) + number(big, 0, 4);
}

int orientation_of(const std::string& bytes) {
  return exif_orientation(std::as_bytes(std::span(bytes)));
}

// The JPEG with an application segment after its start.
std::string with_segment(const std::string& jpeg, const std::string& content) {
  return jpeg.substr(0, 2) + "\xff\xe1" + big_endian_bytes(content.size() + 2, 2) + content +
         jpeg.substr(2);
}

TEST(Exif, ReadsTheOrientationInBothByteOrders) {
  for (const bool big : {false, true}) {
    for (int i = 1; i <= 8; ++i) {
      EXPECT_EQ(orientation_of(tiff(big, static_cast<std::uint64_t>(i))), i);
    }
    for (const std::uint64_t wrong : {0u, 9u, 65535u})
      EXPECT_EQ(orientation_of(tiff(big, wrong)), 1);
    EXPECT_EQ(orientation_of(tiff(big, 6, 0x0113)), 1);
  }
}

TEST(Exif, TakesDamagedDataAsStored) {
  const std::string whole = tiff(true, 6);
  // The header and count take 10 bytes, an entry 12, of which the last two are padding.
  for (std::size_t size = 0; size < 32; ++size) EXPECT_EQ(orientation_of(whole.substr(0, size)), 1);
  EXPECT_EQ(orientation_of(whole.substr(0, 32)), 6);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const int found = orientation_of(damaged);
      EXPECT_GE(found, 1);
      EXPECT_LE(found, 8);
    }
  }
}

// A picture of 3 x 2: what a viewer shows of each orientation, as Pillow's exif_transpose.
TEST(Exif, TurnsAsViewersDo) {
  const Picture stored{3, 2, 1, {1, 2, 3, 4, 5, 6}};
  const std::vector<Bytes> expected = {{1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1},
                                       {4, 5, 6, 1, 2, 3}, {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3},
                                       {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Picture seen = turned_upright(stored, orientation);
    EXPECT_EQ(seen.bytes, expected[static_cast<std::size_t>(orientation - 1)]) << orientation;
    EXPECT_EQ(seen.width, orientation >= 5 ? 2 : 3);
    EXPECT_EQ(seen.height, orientation >= 5 ? 3 : 2);
  }
  const Picture colour{1, 2, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(turned_upright(colour, 6).bytes, (Bytes{4, 5, 6, 1, 2, 3}));
}

TEST(Exif, TurnsJpegFilesUnlessTold) {
  const std::string plain = encode_jpeg(pattern_picture(20, 12));
  const auto decode = [](const std::string& file, bool upright) {
    const auto bytes = std::as_bytes(std::span(file));
    const Picture picture = decode_picture(bytes, "p", {.upright = upright});
    EXPECT_EQ(decode_picture_size(bytes, "p", {.upright = upright}),
              (PictureSize{picture.width, picture.height}));
    return picture;
  };
  const Picture stored = decode(plain, true);
  for (int i = 1; i <= 8; ++i) {
    const std::string name("Exif\0\0", 6);
    const std::string file = with_segment(plain, name + tiff(false, static_cast<std::uint64_t>(i)));
    EXPECT_EQ(decode(file, true).bytes, turned_upright(stored, i).bytes);
    EXPECT_EQ(decode(file, false).bytes, stored.bytes);
    // Another segment of the same number may come first.
    const std::string both = with_segment(file, "http://ns.adobe.com/xap/1.0/");
    EXPECT_EQ(decode(both, true).bytes, turned_upright(stored, i).bytes);
  }
}

TEST(Exif, TurnsPngFiles) {
  const Picture picture = pattern_picture(4, 3);
  const std::string file = encode_png_with_exif(picture, tiff(true, 8));
  EXPECT_EQ(decode_picture(std::as_bytes(std::span(file)), "p").bytes,
            turned_upright(picture, 8).bytes);
  EXPECT_EQ(decode_picture_size(std::as_bytes(std::span(file)), "p"), (PictureSize{3, 4}));
}

}  // namespace
}  // namespace gradus
