#include "gradus/data/augmentation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "gradus/base/checksum.h"
#include "gradus/data/affine.h"
#include "gradus/data/resize.h"
#include "gradus/data/source.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

std::uint32_t checksum(const Picture& picture) {
  return crc32(std::as_bytes(std::span(picture.bytes)));
}

constexpr Augmentation kPadCropFlip = {.crop = Augmentation::Crop::kPad, .hflip = 0.5f};

TEST(DrawPlacement, ReachesEveryPlaceAndNoOther) {
  std::set<std::tuple<int, int, bool, bool>> seen;
  Rng rng(1);
  Augmentation augmentation = kPadCropFlip;
  augmentation.vflip = 0.5f;
  for (int i = 0; i < 40000; ++i) {
    const Placement placement = draw_placement(augmentation, rng);
    EXPECT_LE(std::max(std::abs(placement.left), std::abs(placement.top)), 4);
    seen.insert({placement.left, placement.top, placement.flip, placement.turn});
  }
  EXPECT_EQ(seen.size(), 9u * 9u * 4u);
}

TEST(DrawPlacement, DrawsAsManyValuesWhateverItIs) {
  Rng none(5);
  Rng all(5);
  EXPECT_EQ(draw_placement({}, none), Placement{});
  draw_placement(kPadCropFlip, all);
  EXPECT_EQ(none.state(), all.state());
}

TEST(DrawPlacement, FlipsAsOftenAsAsked) {
  for (const float often : {0.0f, 0.2f, 0.5f, 1.0f}) {
    Rng rng(2);
    int flips = 0;
    int turns = 0;
    for (int i = 0; i < 4000; ++i) {
      const Placement placement = draw_placement({.hflip = often, .vflip = 1.0f - often}, rng);
      EXPECT_EQ(placement.left, 0);
      EXPECT_EQ(placement.top, 0);
      flips += placement.flip ? 1 : 0;
      turns += placement.turn ? 1 : 0;
    }
    EXPECT_NEAR(flips, 4000 * often, often * (1 - often) * 600);
    EXPECT_NEAR(turns, 4000 * (1 - often), often * (1 - often) * 600);
  }
}

TEST(Placed, MovesMirrorsAndTurns) {
  const Picture picture{3, 2, 1, {1, 2, 3, 4, 5, 6}};
  const auto bytes = [&](const Placement& placement) {
    return placed(picture.view(), placement).bytes;
  };
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(bytes({}), (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(bytes({.flip = true}), (Bytes{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(bytes({.turn = true}), (Bytes{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(bytes({.left = 1, .top = -1}), (Bytes{0, 0, 0, 2, 3, 0}));
  EXPECT_EQ(bytes({.left = 1, .flip = true}), (Bytes{2, 1, 0, 5, 4, 0}));
}

// What is written straight to floats is what would be written of a placed copy.
TEST(Placed, AgreesWithThePixelTable) {
  const Picture picture = pattern_picture(9, 7);
  const PixelTable table({.mean = {0.1f, 0.2f, 0.3f}}, 3, "t");
  Rng rng(4);
  for (int i = 0; i < 200; ++i) {
    const Placement placement =
        draw_placement({.crop = Augmentation::Crop::kPad, .hflip = 0.5f, .vflip = 0.5f}, rng);
    std::vector<float> direct(picture.bytes.size());
    std::vector<float> twice(picture.bytes.size());
    table.write(picture.view(), placement, Layout::kNchw, direct);
    table.write(placed(picture.view(), placement).view(), {}, Layout::kNchw, twice);
    ASSERT_EQ(direct, twice);
  }
}

TEST(DrawBox, StaysInsideAndWithinItsRanges) {
  Rng rng(3);
  const Augmentation augmentation = {.crop_scale = {0.2f, 0.8f}, .crop_ratio = {0.5f, 2.0f}};
  double smallest = 1.0;
  double largest = 0.0;
  for (int i = 0; i < 5000; ++i) {
    const Box box = draw_box({200, 150}, augmentation, rng);
    ASSERT_GE(std::min(box.left, box.top), 0);
    ASSERT_LE(box.left + box.width, 200);
    ASSERT_LE(box.top + box.height, 150);
    const double share = box.width * box.height / 30000.0;
    const double ratio = static_cast<double>(box.width) / box.height;
    ASSERT_GT(ratio, 0.49);
    ASSERT_LT(ratio, 2.05);
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
  }
  EXPECT_NEAR(smallest, 0.2, 0.01);
  EXPECT_NEAR(largest, 0.8, 0.02);
}

// No part of 1 % to 4 % with sides nearly alike is a whole pixel high.
TEST(DrawBox, FallsBackToTheCentre) {
  Rng rng(3);
  const Augmentation square = {.crop_scale = {1.0f, 1.0f}, .crop_ratio = {1.0f, 1.0f}};
  const Box wide = draw_box({300, 100}, square, rng);
  EXPECT_EQ(std::tuple(wide.left, wide.top, wide.width, wide.height), std::tuple(100, 0, 100, 100));
  const Box tall = draw_box({100, 301}, square, rng);
  EXPECT_EQ(std::tuple(tall.left, tall.top, tall.width, tall.height), std::tuple(0, 100, 100, 100));
  const Box dot = draw_box({1, 1}, square, rng);
  EXPECT_EQ(std::tuple(dot.left, dot.top, dot.width, dot.height), std::tuple(0, 0, 1, 1));
}

// Checksums of what torchvision's RandAugment does with Pillow 13.0.0 at magnitudes 9, -9, -30, 17.
TEST(RandAugment, DoesEveryOperationAsTorchvisionDoes) {
  const std::map<std::string, std::vector<std::uint32_t>> expected = {
      {"identity", {0xd3d4d3e6, 0xd3d4d3e6, 0xd3d4d3e6, 0xd3d4d3e6}},
      {"shear_x", {0xbe11e583, 0x3ec7ec3b, 0xa4709d66, 0x65f67cff}},
      {"shear_y", {0x33f2599c, 0x313acf98, 0x6957d833, 0x0a84fbca}},
      {"translate_x", {0x1ca5ea34, 0x7a053068, 0x1dc6eafd, 0x7e4eb0ee}},
      {"translate_y", {0x964f5824, 0xa6766d40, 0x6a829990, 0x0a3d10b6}},
      {"rotate", {0x6aa519fd, 0x42a5c04c, 0xa2cfd38b, 0xbf47c482}},
      {"brightness", {0x843f9b3e, 0x423a6fc2, 0x1ae18da5, 0xdddc0d36}},
      {"color", {0x8c4c9b4c, 0x085733e5, 0xe9dec622, 0xf4a8cf4d}},
      {"contrast", {0x0d309052, 0x5dce1f9a, 0xae73b405, 0xca0fff8d}},
      {"sharpness", {0x85ddf875, 0xa14293a0, 0xd72f5028, 0x24d3ed77}},
      {"posterize", {0xcbdc010d, 0xcbdc010d, 0x3006f039, 0x08a32aec}},
      {"solarize", {0x6555004a, 0x6555004a, 0x732ebce0, 0x94ebe68c}},
      {"autocontrast", {0xd3d4d3e6, 0xd3d4d3e6, 0xd3d4d3e6, 0xd3d4d3e6}},
      {"equalize", {0xf9a361f8, 0xf9a361f8, 0xf9a361f8, 0xf9a361f8}},
  };
  const std::map<std::string, std::vector<std::uint32_t>> expected_grey = {
      {"identity", {0x097cc902, 0x097cc902, 0x097cc902, 0x097cc902}},
      {"shear_x", {0x2bd44fdb, 0x82af7ace, 0xc86e5f80, 0x55b68b89}},
      {"shear_y", {0xe52aae94, 0x520e7175, 0x0a248d69, 0xdab6d368}},
      {"translate_x", {0x74835a79, 0x2f445ef9, 0x4b6fb74f, 0x254fb6b2}},
      {"translate_y", {0x2fad84c9, 0x581c40ab, 0x743c33a9, 0xa6343273}},
      {"rotate", {0xf1e55922, 0xc11990a8, 0xa606f40c, 0xd975ae19}},
      {"brightness", {0x5c9aa2a8, 0xa6559cf0, 0xdfa28425, 0x1af65aad}},
      {"color", {0x097cc902, 0x097cc902, 0x097cc902, 0x097cc902}},
      {"contrast", {0x068ad148, 0x97a3fb79, 0x9dea8c46, 0xcd34e7f1}},
      {"sharpness", {0xbce9086a, 0x9836a93b, 0x04425371, 0x6e9f8af4}},
      {"posterize", {0xee7bd2e1, 0xee7bd2e1, 0x4b5e972b, 0x8e1a5f63}},
      {"solarize", {0x360c2299, 0x360c2299, 0xcbebb8d2, 0xab164738}},
      {"autocontrast", {0x097cc902, 0x097cc902, 0x097cc902, 0x097cc902}},
      {"equalize", {0x5d9fe658, 0x5d9fe658, 0x5d9fe658, 0x5d9fe658}},
  };
  const std::vector<std::pair<int, bool>> strengths = {
      {9, false}, {9, true}, {30, true}, {17, false}};
  ASSERT_EQ(randaugment_names().size(), 14u);
  for (const int channels : {3, 1}) {
    for (std::size_t i = 0; i < randaugment_names().size(); ++i) {
      const std::string& name = randaugment_names()[i];
      for (std::size_t s = 0; s < strengths.size(); ++s) {
        Picture picture = pattern_picture(37, 23, channels);
        randaugment(picture, i, strengths[s].first, strengths[s].second);
        EXPECT_EQ(checksum(picture), (channels == 3 ? expected : expected_grey).at(name)[s])
            << name << " of " << channels << " channels, strength " << s;
      }
    }
  }
}

TEST(ChangeColour, DrawsEveryOperationAndHangsOnTheStreamAlone) {
  const Augmentation augmentation = {
      .jitter = {0.4f, 0.4f, 0.4f, 0.1f}, .operations = 2, .magnitude = 9};
  std::set<std::uint32_t> seen;
  for (std::uint64_t i = 0; i < 300; ++i) {
    Picture first = pattern_picture(16, 16);
    Picture second = first;
    Rng a(7, i);
    Rng b(7, i);
    change_colour(first, augmentation, a);
    change_colour(second, augmentation, b);
    EXPECT_EQ(first.bytes, second.bytes);
    seen.insert(checksum(first));
  }
  EXPECT_GT(seen.size(), 290u);
  Picture picture = pattern_picture(16, 16);
  Rng rng(1);
  change_colour(picture, {}, rng);
  EXPECT_EQ(picture.bytes, pattern_picture(16, 16).bytes);
}

TEST(AugmentationOf, ReadsTheSpecInTheTrainSplitOnly) {
  const auto of = [](const std::string& options, Augment usual) {
    return augmentation_of(parse_data_spec("imagefolder:x" + options), usual);
  };
  EXPECT_EQ(of("", Augment::kFlip), Augmentation{});
  EXPECT_EQ(of(",split=test,jitter=.1/.1/.1/.1", Augment::kFlip), Augmentation{});
  EXPECT_EQ(of(",split=train", Augment::kFlip), (Augmentation{.hflip = 0.5f}));
  EXPECT_EQ(of(",split=train", Augment::kPadCropFlip), kPadCropFlip);
  EXPECT_EQ(of(",split=train,augment=none", Augment::kFlip), Augmentation{});
  EXPECT_EQ(of(",split=train,augment=none,vflip=.25", Augment::kFlip),
            (Augmentation{.vflip = 0.25f}));
  EXPECT_EQ(of(",split=train,augment=random_resized_crop,crop_scale=.5/1,crop_ratio=1/1,hflip=0,"
               "jitter=.4/.3/.2/.1,randaugment=2/9",
               Augment::kNone),
            (Augmentation{.crop = Augmentation::Crop::kRandomResized,
                          .crop_scale = {0.5f, 1.0f},
                          .crop_ratio = {1.0f, 1.0f},
                          .jitter = {0.4f, 0.3f, 0.2f, 0.1f},
                          .operations = 2,
                          .magnitude = 9}));
  const DataSpec rich = parse_data_spec("imagefolder:x,split=train,hflip=1,jitter=.1/.1/.1/.1");
  EXPECT_EQ(augmentation_of(without_augmentation(rich), Augment::kFlip), Augmentation{});
}

// One sample, step by step: part, size, flip, colour, floats.
TEST(Augmentation, AppliesItsStepsInOrder) {
  const auto dataset =
      open_dataset(parse_data_spec("synthetic:shapes,split=train,limit=4,scale=255,augment=random_"
                                   "resized_crop,jitter=.4/.4/.4/.1"));
  const auto plain =
      open_dataset(parse_data_spec("synthetic:shapes,split=train,limit=4,scale=255,augment=none"));
  for (std::int64_t index = 0; index < 4; ++index) {
    std::vector<float> stored(3072);
    std::int64_t label = 0;
    plain->load(index, stored, label, nullptr, Layout::kNhwc);
    Picture picture{32, 32, 3, {}};
    for (float value : stored) picture.bytes.push_back(static_cast<std::uint8_t>(value));
    Rng rng(11, static_cast<std::uint64_t>(index));
    Rng same = rng;
    const Augmentation& augmentation = dataset->info().augmentation;
    const Box box = draw_box({32, 32}, augmentation, rng);
    picture = resize_bilinear(part_of(picture.view(), box), {32, 32});
    picture = placed(picture.view(), draw_placement(augmentation, rng));
    change_colour(picture, augmentation, rng);
    std::vector<float> found(3072);
    dataset->load(index, found, label, &same, Layout::kNhwc);
    EXPECT_TRUE(std::equal(found.begin(), found.end(), picture.bytes.begin()));
    // Without a stream, as calibration loads: the picture as it is.
    dataset->load(index, found, label, nullptr, Layout::kNhwc);
    EXPECT_EQ(found, stored);
  }
}

}  // namespace
}  // namespace gradus
