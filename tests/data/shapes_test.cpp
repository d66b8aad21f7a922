#include "gradus/data/shapes.h"

#include <gtest/gtest.h>

#include <set>

#include "gradus/data/dataset.h"

namespace gradus {
namespace {

constexpr std::size_t kBytes = kShapeSide * kShapeSide * kShapeChannels;

std::vector<std::uint8_t> drawn(std::uint64_t seed, std::uint64_t index) {
  std::vector<std::uint8_t> rgb(kBytes);
  draw_shape(seed, index, rgb);
  return rgb;
}

TEST(Shapes, HaveTenNamesAndEveryTenPicturesEachClassOnce) {
  EXPECT_EQ(std::set(shape_names().begin(), shape_names().end()).size(), 10u);
  std::set<std::int64_t> labels;
  for (std::uint64_t i = 40; i < 50; ++i) labels.insert(shape_label(i));
  EXPECT_EQ(labels.size(), 10u);
  EXPECT_EQ(*labels.begin(), 0);
  EXPECT_EQ(*labels.rbegin(), 9);
}

TEST(Shapes, AreTheSameForTheSameSeedOnly) {
  EXPECT_EQ(drawn(1, 5), drawn(1, 5));
  EXPECT_NE(drawn(1, 5), drawn(2, 5));
  EXPECT_NE(drawn(1, 5), drawn(1, 15));
}

// Published figures hold for these pictures: on another machine or compiler they must be the same.
TEST(Shapes, AreTheSameOnEveryMachine) {
  std::uint64_t hash = kHashStart;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::vector<std::uint8_t> rgb = drawn(3, i);
    hash = hash_bytes(std::as_bytes(std::span(rgb)), hash);
  }
  EXPECT_EQ(hash, 8361449296932801671ULL);
}

}  // namespace
}  // namespace gradus
