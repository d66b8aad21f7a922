#include "gradus/runtime/arena.h"

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::TestRandom;

bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

void expect_sound(const std::vector<Lifetime>& lifetimes, const Placement& placement) {
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    EXPECT_EQ(placement.offsets[i] % 64, 0u);
    EXPECT_LE(placement.offsets[i] + lifetimes[i].bytes, placement.bytes);
    for (std::size_t j = 0; j < i; ++j) {
      if (!meet(lifetimes[i], lifetimes[j])) continue;
      if (lifetimes[i].bytes == 0 || lifetimes[j].bytes == 0) continue;
      EXPECT_TRUE(placement.offsets[i] + lifetimes[i].bytes <= placement.offsets[j] ||
                  placement.offsets[j] + lifetimes[j].bytes <= placement.offsets[i])
          << i << " and " << j << " overlap";
    }
  }
}

TEST(Arena, NeverOverlapsWhatLivesTogether) {
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    TestRandom random(trial);
    std::vector<Lifetime> lifetimes(static_cast<std::size_t>(random.integer(1, 40)));
    for (Lifetime& lifetime : lifetimes) {
      lifetime.bytes = static_cast<std::size_t>(random.integer(0, 5000));
      lifetime.first = random.integer(0, 30);
      lifetime.last = lifetime.first + random.integer(0, 8);
    }
    expect_sound(lifetimes, place(lifetimes));
  }
}

TEST(Arena, SharesMemoryBetweenTensorsThatNeverMeet) {
  const std::vector<Lifetime> chain = {{1000, 0, 1}, {1000, 1, 2}, {1000, 2, 3}, {1000, 3, 4}};
  const Placement placement = place(chain);
  expect_sound(chain, placement);
  EXPECT_EQ(placement.bytes, 2048u);
}

TEST(Arena, TakesTheSmallestGapThatFits) {
  // At step 2 the blocks of 512 and 300 are free again, between others that are not.
  const std::vector<Lifetime> lifetimes = {{4096, 0, 9}, {512, 0, 1}, {320, 0, 9},
                                           {300, 0, 1},  {280, 0, 9}, {250, 2, 3}};
  const Placement placement = place(lifetimes);
  expect_sound(lifetimes, placement);
  EXPECT_EQ(placement.offsets[5], placement.offsets[3]);
}

TEST(Arena, IsEmptyForNothing) { EXPECT_EQ(place({}).bytes, 0u); }

}  // namespace
}  // namespace gradus
