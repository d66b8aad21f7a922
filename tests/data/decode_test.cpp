#include "gradus/data/decode.h"

#include <gtest/gtest.h>

#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

Picture decode(const std::string& file) {
  return decode_picture(std::as_bytes(std::span(file)), "p.jpg");
}

// An upper bound of the error of a high-quality JPEG on the smooth pictures used here.
void expect_near(const Picture& found, const Picture& expected, int tolerance) {
  ASSERT_EQ(found.bytes.size(), expected.bytes.size());
  for (std::size_t i = 0; i < found.bytes.size(); ++i) {
    ASSERT_NEAR(found.bytes[i], expected.bytes[i], tolerance) << i;
  }
}

Picture smooth_picture(int width, int height, int channels) {
  Picture picture{width, height, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        picture.bytes.push_back(static_cast<std::uint8_t>(40 + 2 * x + y + 20 * c));
      }
    }
  }
  return picture;
}

TEST(DecodeJpeg, ReadsBaselineAndProgressive) {
  const Picture picture = smooth_picture(37, 21, 3);
  for (const bool progressive : {false, true}) {
    const Picture decoded = decode(encode_jpeg(picture, {.progressive = progressive}));
    EXPECT_EQ(decoded.width, 37);
    EXPECT_EQ(decoded.height, 21);
    expect_near(decoded, picture, 8);
  }
}

TEST(DecodeJpeg, RepeatsGrey) {
  const Picture grey = smooth_picture(16, 16, 1);
  const Picture decoded = decode(encode_jpeg(grey, {.quality = 100}));
  ASSERT_EQ(decoded.channels, 3);
  for (std::size_t i = 0; i < grey.bytes.size(); ++i) {
    EXPECT_NEAR(decoded.bytes[3 * i], grey.bytes[i], 1);
    EXPECT_EQ(decoded.bytes[3 * i], decoded.bytes[3 * i + 1]);
    EXPECT_EQ(decoded.bytes[3 * i], decoded.bytes[3 * i + 2]);
  }
}

TEST(DecodeJpeg, TurnsInvertedCmykIntoRgb) {
  // Stored inverted: no cyan, half magenta, full yellow, no black.
  const Picture cmyk{8, 8, 4, [] {
                       std::vector<std::uint8_t> bytes;
                       for (int i = 0; i < 64; ++i) {
                         for (int value : {255, 128, 0, 255}) {
                           bytes.push_back(static_cast<std::uint8_t>(value));
                         }
                       }
                       return bytes;
                     }()};
  const Picture decoded = decode(encode_jpeg(cmyk, {.quality = 100, .cmyk = true}));
  ASSERT_EQ(decoded.channels, 3);
  ASSERT_EQ(decoded.bytes.size(), 3u * 64u);
  EXPECT_NEAR(decoded.bytes[0], 255, 1);
  EXPECT_NEAR(decoded.bytes[1], 128, 1);
  EXPECT_NEAR(decoded.bytes[2], 0, 1);
}

// However the same pixels are coded, nearly the same come out.
TEST(DecodeJpeg, ReadsEveryWayOfCoding) {
  const Picture picture = smooth_picture(37, 21, 3);
  for (const JpegOptions& options :
       {JpegOptions{.stored_rgb = true}, JpegOptions{.arithmetic = true},
        JpegOptions{.progressive = true, .arithmetic = true}, JpegOptions{.whole_chroma = true},
        JpegOptions{.restart_rows = 1}, JpegOptions{.progressive = true, .whole_chroma = true}}) {
    expect_near(decode(encode_jpeg(picture, options)), picture, 8);
  }
}

TEST(DecodeJpeg, ReadsYcckAsCmyk) {
  const Picture picture = smooth_picture(16, 16, 4);
  const Picture cmyk = decode(encode_jpeg(picture, {.quality = 100, .cmyk = true}));
  const Picture ycck = decode(encode_jpeg(picture, {.quality = 100, .ycck = true}));
  EXPECT_EQ(ycck.channels, 3);
  expect_near(ycck, cmyk, 4);
}

TEST(DecodeJpeg, RefusesKindsThatAreNoPicture) {
  // Twelve bits a sample: the precision is the byte after the frame's marker and length.
  std::string deep = encode_jpeg(pattern_picture(16, 16));
  deep[deep.find("\xff\xc0") + 4] = 12;
  expect_error(ErrorCode::kInvalidFile, {"p.jpg", "precision 12"}, [&] { decode(deep); });
  // A lossless frame, and a file of tables alone.
  std::string lossless = encode_jpeg(pattern_picture(16, 16));
  lossless[lossless.find("\xff\xc0") + 1] = '\xc3';
  expect_error(ErrorCode::kInvalidFile, {"p.jpg"}, [&] { decode(lossless); });
  expect_error(ErrorCode::kInvalidFile, {"p.jpg"}, [&] { decode("\xff\xd8\xff\xd9"); });
}

TEST(DecodePicture, AddsAnAlphaThatShowsEverything) {
  const Picture picture = pattern_picture(5, 4);
  for (const std::string& file : {encode_png(picture), encode_jpeg(picture)}) {
    const auto bytes = std::as_bytes(std::span(file));
    const Picture plain = decode_picture(bytes, "p");
    const Picture with_alpha = decode_picture(bytes, "p", {.alpha = true});
    ASSERT_EQ(with_alpha.channels, 4);
    for (std::size_t i = 0; i < 20; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_EQ(with_alpha.bytes[i * 4 + c], plain.bytes[i * 3 + c]);
      }
      EXPECT_EQ(with_alpha.bytes[i * 4 + 3], 255);
    }
  }
}

TEST(DecodePng, KeepsAlphaOnRequest) {
  for (const int channels : {2, 4}) {
    const Picture picture = pattern_picture(5, 4, channels);
    const std::string file = encode_png(picture);
    const Picture found = decode_picture(std::as_bytes(std::span(file)), "p", {.alpha = true});
    for (std::size_t i = 0; i < 20; ++i) {
      const std::uint8_t* pixel = &picture.bytes[i * static_cast<std::size_t>(channels)];
      EXPECT_EQ(found.bytes[i * 4 + 3], pixel[channels - 1]);
      EXPECT_EQ(found.bytes[i * 4 + 1], pixel[channels == 4 ? 1 : 0]);
    }
  }
}

// decode_picture's contract is to end with a picture or with one line, wherever the file ends.
TEST(DecodeJpeg, RefusesAFileCutAnywhere) {
  const std::string file = encode_jpeg(pattern_picture(40, 30));
  for (std::size_t size = 0; size < file.size(); size += size < 700 ? 1 : 13) {
    SCOPED_TRACE(size);
    expect_error(ErrorCode::kInvalidFile, {"p.jpg"}, [&] { decode(file.substr(0, size)); });
  }
  expect_error(ErrorCode::kInvalidFile, {"p.jpg", "no whole JPEG", "ends before"},
               [&] { decode(file.substr(0, file.size() / 2 + 200)); });
}

TEST(DecodeJpeg, SurvivesEveryFlippedByte) {
  const std::string whole = encode_jpeg(pattern_picture(24, 24), {.progressive = true});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string file = whole;
    file[at] = static_cast<char>(file[at] ^ 0xff);
    try {
      const Picture decoded = decode(file);
      EXPECT_EQ(decoded.bytes.size(), std::size_t{3} * static_cast<std::size_t>(decoded.width) *
                                          static_cast<std::size_t>(decoded.height));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
    }
  }
}

TEST(DecodeJpeg, RefusesEndlessScans) {
  const std::string whole = encode_jpeg(pattern_picture(16, 16), {.progressive = true});
  // Repeats the last scan, from its start-of-scan marker up to the end-of-image marker.
  const std::size_t scan = whole.rfind("\xff\xda");
  const std::string last = whole.substr(scan, whole.size() - 2 - scan);
  std::string file = whole.substr(0, whole.size() - 2);
  for (int i = 0; i < 600; ++i) file += last;
  expect_error(ErrorCode::kInvalidFile, {"500 scans"}, [&] { decode(file + "\xff\xd9"); });
}

TEST(DecodeJpeg, RefusesHugeSidesFromTheHeaderAlone) {
  std::string file = encode_jpeg(pattern_picture(16, 16));
  const std::size_t frame = file.find("\xff\xc0");
  for (std::size_t i = 5; i < 9; ++i) file[frame + i] = '\x7f';
  expect_error(ErrorCode::kInvalidFile, {"p.jpg", "32639x32639", "16384"}, [&] { decode(file); });
}

TEST(DecodePng, ReadsEveryKindExactly) {
  for (const int bits : {8, 16}) {
    for (const int channels : {1, 2, 3, 4}) {
      const Picture picture = pattern_picture(9, 7, channels);
      const Picture decoded = decode(encode_png(picture, bits));
      ASSERT_EQ(decoded.bytes.size(), 9u * 7u * 3u);
      for (std::size_t i = 0; i < 63; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
          const std::size_t from = channels <= 2 ? 0 : c;
          EXPECT_EQ(decoded.bytes[i * 3 + c],
                    picture.bytes[i * static_cast<std::size_t>(channels) + from])
              << bits << " bits, " << channels << " channels, pixel " << i;
        }
      }
    }
  }
}

TEST(DecodePng, LooksUpThePalette) {
  const Picture indices{2, 1, 1, {1, 0}};
  const Picture decoded = decode(encode_palette_png(indices, "abcxyz"));
  EXPECT_EQ(decoded.bytes, (std::vector<std::uint8_t>{'x', 'y', 'z', 'a', 'b', 'c'}));
}

TEST(DecodePng, RefusesAFileCutAnywhereAndEveryFlippedByte) {
  const std::string whole = encode_png(pattern_picture(12, 9));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_error(ErrorCode::kInvalidFile, {"p.jpg"}, [&] { decode(whole.substr(0, size)); });
  }
  const Picture original = decode(whole);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string file = whole;
    file[at] = static_cast<char>(file[at] ^ 0x10);
    try {
      EXPECT_EQ(decode(file).bytes, original.bytes) << "a flipped byte changed pixels unnoticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
    }
  }
}

TEST(DecodePng, RefusesHugeSidesFromTheHeaderAlone) {
  expect_error(ErrorCode::kInvalidFile, {"p.jpg", "1000000x2", "16384"},
               [] { decode(png_header(1000000, 2)); });
  expect_error(ErrorCode::kInvalidFile, {"16384x16384", "67108864 pixels"},
               [] { decode(png_header(16384, 16384)); });
}

TEST(DecodePicture, RefusesOtherFiles) {
  expect_error(ErrorCode::kInvalidFile, {"p.jpg", "is empty"}, [] { decode(""); });
  expect_error(ErrorCode::kInvalidFile, {"no JPEG and no PNG"}, [] { decode("GIF89a......."); });
}

TEST(DecodePicture, FindsTheSizeThatDecodingGives) {
  const Picture picture = pattern_picture(33, 17);
  for (const std::string& file : {encode_jpeg(picture), encode_png(picture)}) {
    EXPECT_EQ(decode_picture_size(std::as_bytes(std::span(file)), "p"), (PictureSize{33, 17}));
  }
}

}  // namespace
}  // namespace gradus
