// Against Pillow 13.0.0: the checksums are those of its results on the same pictures.
#include "gradus/data/enhance.h"

#include <gtest/gtest.h>

#include "gradus/base/checksum.h"
#include "tests/data/picture_files.h"

namespace gradus {
namespace {

constexpr int kWidth = 37;
constexpr int kHeight = 23;

std::uint32_t checksum(const Picture& picture) {
  return crc32(std::as_bytes(std::span(picture.bytes)));
}

template <typename Change>
std::uint32_t changed(int channels, Change change) {
  Picture picture = pattern_picture(kWidth, kHeight, channels);
  change(picture);
  return checksum(picture);
}

using Factors = std::vector<std::pair<float, std::uint32_t>>;

void expect_factors(int channels, void (*adjust)(Picture&, float), const Factors& factors) {
  for (const auto& [factor, expected] : factors) {
    EXPECT_EQ(changed(channels, [&](Picture& p) { adjust(p, factor); }), expected)
        << channels << " channels, factor " << factor;
  }
}

TEST(Enhance, MovesSamplesAsPillowDoes) {
  expect_factors(3, adjust_brightness,
                 {{0.0f, 0x251534cb}, {0.35f, 0xc4d897ad}, {1.0f, 0xd3d4d3e6}, {1.7f, 0xcdd68a50}});
  expect_factors(3, adjust_contrast,
                 {{0.0f, 0xb8d24fde}, {0.35f, 0xcd0b21eb}, {1.0f, 0xd3d4d3e6}, {1.7f, 0xee242577}});
  expect_factors(3, adjust_saturation,
                 {{0.0f, 0x728feed5}, {0.35f, 0x114215fb}, {1.0f, 0xd3d4d3e6}, {1.7f, 0x3a68e814}});
  expect_factors(3, adjust_sharpness,
                 {{0.0f, 0xdfdc58b6}, {0.35f, 0x85e775be}, {1.0f, 0xd3d4d3e6}, {1.7f, 0xaf5c0369}});
  expect_factors(
      3, adjust_hue,
      {{-0.5f, 0xbaaacf63}, {-0.13f, 0x5836e818}, {0.0f, 0xb6bc5bb7}, {0.31f, 0x5fd5489e}});
}

TEST(Enhance, MovesGreySamplesAsPillowDoes) {
  expect_factors(1, adjust_brightness,
                 {{0.0f, 0x7f3632f3}, {0.35f, 0x53a4c334}, {1.7f, 0x81b84f69}});
  expect_factors(1, adjust_contrast, {{0.0f, 0x5016a7ad}, {0.35f, 0x0b3b97eb}, {1.7f, 0xd5c6e623}});
  expect_factors(1, adjust_saturation, {{0.0f, 0x097cc902}, {1.7f, 0x097cc902}});
  expect_factors(1, adjust_sharpness,
                 {{0.0f, 0xb45f5ff8}, {0.35f, 0x1e25109d}, {1.7f, 0x20281f95}});
  expect_factors(1, adjust_hue, {{0.31f, 0x097cc902}});
}

TEST(Enhance, MakesGreyAsPillowDoes) {
  EXPECT_EQ(checksum(with_channels(pattern_picture(kWidth, kHeight), 1)), 0x86f25500u);
}

// A dim picture, so that there is something to spread.
TEST(Enhance, SpreadsChannelsAsPillowDoes) {
  const auto dim = [](auto operation) {
    return [operation](Picture& picture) {
      adjust_brightness(picture, 0.35f);
      operation(picture);
    };
  };
  EXPECT_EQ(changed(3, dim(autocontrast)), 0xb6a66b9bu);
  EXPECT_EQ(changed(1, dim(autocontrast)), 0xa5b3582du);
  EXPECT_EQ(changed(3, dim(equalize)), 0x15923d3du);
  EXPECT_EQ(changed(1, dim(equalize)), 0xa2c2b8d4u);
}

TEST(Enhance, LeavesOneColourAsItIs) {
  const Picture flat{2, 3, 3, std::vector<std::uint8_t>(18, 77)};
  for (void (*operation)(Picture&) : {autocontrast, equalize}) {
    Picture picture = flat;
    operation(picture);
    EXPECT_EQ(picture.bytes, flat.bytes);
  }
  for (void (*adjust)(Picture&, float) : {adjust_contrast, adjust_saturation, adjust_sharpness}) {
    Picture picture = flat;
    adjust(picture, 1.7f);
    EXPECT_EQ(picture.bytes, flat.bytes);
  }
}

TEST(Enhance, CutsBitsAndInverts) {
  Picture picture{4, 1, 1, {0, 127, 128, 255}};
  posterize(picture, 1);
  EXPECT_EQ(picture.bytes, (std::vector<std::uint8_t>{0, 0, 128, 128}));
  picture.bytes = {0, 127, 128, 255};
  solarize(picture, 127.5f);
  EXPECT_EQ(picture.bytes, (std::vector<std::uint8_t>{0, 127, 127, 0}));
  posterize(picture, 0);
  EXPECT_EQ(picture.bytes, (std::vector<std::uint8_t>(4, 0)));
}

}  // namespace
}  // namespace gradus
