#include "gradus/base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace gradus {
namespace {

TEST(Rng, GivesTheStreamOfSplitMix64) {
  // From the authors' reference program with seed 1234567.
  Rng rng(1234567);
  for (std::uint64_t expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
        4593380528125082431ULL, 16408922859458223821ULL}) {
    EXPECT_EQ(rng.next(), expected);
  }
}

TEST(Rng, ContinuesFromASavedState) {
  Rng first(7);
  first.next();
  Rng second(0);
  second.set_state(first.state());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(first.next(), second.next());
}

TEST(Rng, StaysBelowTheBoundAndReachesEveryValue) {
  Rng rng(3);
  std::array<int, 5> seen{};
  for (int i = 0; i < 5000; ++i) ++seen.at(rng.below(5));
  for (int count : seen) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(rng.below(1), 0u);
}

TEST(Rng, IsUniformInTheHalfOpenUnitInterval) {
  Rng rng(4);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const float x = rng.uniform();
    ASSERT_GE(x, 0.0f);
    ASSERT_LT(x, 1.0f);
    sum += static_cast<double>(x);
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Rng, HasNormalNumbersOfMeanZeroAndVarianceOne) {
  Rng rng(5);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double x = static_cast<double>(rng.normal());
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 20000, 0.0, 0.04);
  EXPECT_NEAR(squares / 20000, 1.0, 0.05);
}

TEST(Rng, GivesEveryIndexAStreamOfItsOwn) {
  std::vector<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (std::uint64_t index = 0; index < 30; ++index) firsts.push_back(Rng(seed, index).next());
  }
  std::sort(firsts.begin(), firsts.end());
  EXPECT_EQ(std::adjacent_find(firsts.begin(), firsts.end()), firsts.end());
}

TEST(Rng, ShufflesEveryOrderAboutEquallyOften) {
  Rng rng(6);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) {
    std::array<int, 3> items = {0, 1, 2};
    rng.shuffle(std::span<int>(items));
    std::array<int, 3> sorted = items;
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(sorted, (std::array<int, 3>{0, 1, 2}));
    ++seen.at(static_cast<std::size_t>(items[0] * 2 + (items[1] > items[2] ? 1 : 0)));
  }
  for (int count : seen) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace gradus
