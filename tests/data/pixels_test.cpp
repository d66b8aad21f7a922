#include "gradus/data/pixels.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

TEST(Feeds, MapsOfTheSameSizeVectorsAndSignals) {
  EXPECT_TRUE(feeds({3, 8, 6}, {3, 8, 6}));
  EXPECT_FALSE(feeds({3, 6, 8}, {3, 8, 6}));
  EXPECT_TRUE(feeds({1, 8, 6}, {48, 1, 1}));
  EXPECT_FALSE(feeds({1, 8, 6}, {49, 1, 1}));
  EXPECT_TRUE(feeds({1, 3, 16}, {3, 1, 16}));  // [N, C, L] as an array has it
  EXPECT_FALSE(feeds({1, 16, 3}, {3, 1, 16}));
  EXPECT_FALSE(feeds({3, 4, 4}, {3, 1, 16}));
}

TEST(Feeds, SaysWhatDoesNotFit) {
  EXPECT_NO_THROW(require_feeds({2, 1, 9}, {-1, 2, 9}, "net"));
  EXPECT_NO_THROW(require_feeds({2, 3, 3}, {-1, 18}, "net"));
  testing_support::expect_error(ErrorCode::kInvalidArgument,
                                {"net: takes input [?, 3, 8, 8]", "[?, 3, 4, 4]"},
                                [] { require_feeds({3, 4, 4}, {-1, 3, 8, 8}, "net"); });
}

using testing_support::expect_error;

std::vector<float> written(const PixelTable& table, const Picture& picture,
                           const Placement& placement = {}, Layout layout = Layout::kNchw) {
  std::vector<float> out(picture.bytes.size(), -1.0f);
  table.write(picture.view(), placement, layout, out);
  return out;
}

// The byte that output (channel, y, x) shows, 0 where it shows none.
float expected_byte(const Picture& picture, const Placement& placement, int channel, int y, int x) {
  const int from_y = y + placement.top;
  int from_x = x + placement.left;
  if (from_y < 0 || from_y >= picture.height || from_x < 0 || from_x >= picture.width) return 0.0f;
  if (placement.flip) from_x = picture.width - 1 - from_x;
  return picture.view().row(from_y)[from_x * picture.channels + channel];
}

TEST(PixelTable, GivesTorchvisionsFloatsAtScaleOne) {
  const PixelTable table({.mean = {0.485f}, .std = {0.229f}}, 1, "test");
  Picture picture{256, 1, 1, {}};
  for (int i = 0; i < 256; ++i) picture.bytes.push_back(static_cast<std::uint8_t>(i));
  const std::vector<float> out = written(table, picture);
  for (std::size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(out[i], (static_cast<float>(i) / 255.0f - 0.485f) / 0.229f);
  }
}

TEST(PixelTable, ScalesBeforeDividingBy255) {
  Picture picture{256, 1, 1, {}};
  for (int i = 0; i < 256; ++i) picture.bytes.push_back(static_cast<std::uint8_t>(i));
  const auto caffe = written(PixelTable({.scale = 255.0f, .mean = {104.0f}}, 1, "test"), picture);
  const auto other = written(PixelTable({.scale = 7.0f}, 1, "test"), picture);
  for (std::size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(caffe[i], static_cast<float>(i) - 104.0f);
    EXPECT_EQ(other[i], static_cast<float>(i) * 7.0f / 255.0f);
  }
}

TEST(PixelTable, AppliesMeanAndStdInTheOrderAsked) {
  const Picture picture{1, 1, 3, {10, 20, 30}};
  const Preprocessing bgr{.scale = 255.0f,
                          .mean = {1.0f, 2.0f, 3.0f},
                          .std = {1.0f, 2.0f, 4.0f},
                          .order = ChannelOrder::kBgr};
  EXPECT_EQ(written(PixelTable(bgr, 3, "test"), picture), (std::vector<float>{29.0f, 9.0f, 1.75f}));
}

TEST(PixelTable, PlacesAndMirrorsInBothLayouts) {
  const Picture picture = pattern_picture(6, 5);
  const PixelTable table({.scale = 255.0f}, 3, "test");
  for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
    const Strides strides = strides_of({3, 5, 6}, layout);
    for (int left = -7; left <= 7; ++left) {
      for (const auto& [top, flip] : {std::pair{-6, false}, {-2, true}, {0, true}, {3, false}}) {
        const Placement placement{left, top, flip};
        const std::vector<float> out = written(table, picture, placement, layout);
        for (int c = 0; c < 3; ++c) {
          for (int y = 0; y < 5; ++y) {
            for (int x = 0; x < 6; ++x) {
              const auto at = static_cast<std::size_t>(c * strides.channel + y * strides.row +
                                                       x * strides.column);
              ASSERT_EQ(out[at], expected_byte(picture, placement, c, y, x)) << left << " " << top;
            }
          }
        }
      }
    }
  }
}

TEST(PixelTable, RefusesValuesThatDoNotFitTheChannels) {
  expect_error(ErrorCode::kInvalidArgument, {"test", "mean", "found 2", "expected 1 or 3"},
               [] { PixelTable({.mean = {1.0f, 2.0f}}, 3, "test"); });
  expect_error(ErrorCode::kInvalidArgument, {"std", "found 3", "expected 1 or 1"},
               [] { PixelTable({.std = {1.0f, 2.0f, 3.0f}}, 1, "test"); });
  expect_error(ErrorCode::kInvalidArgument, {"order", "1 channels"},
               [] { PixelTable({.order = ChannelOrder::kBgr}, 1, "test"); });
}

}  // namespace
}  // namespace gradus
