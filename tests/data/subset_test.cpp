#include "gradus/data/subset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "gradus/data/source.h"

namespace gradus {
namespace {

std::unique_ptr<Dataset> shapes() {
  return open_dataset(parse_data_spec("synthetic:shapes,split=train,limit=20"));
}

TEST(Subset, HoldsTheSamplesItWasGiven) {
  const auto all = shapes();
  const auto some = make_subset(shapes(), {7, 3, 19});
  ASSERT_EQ(some->size(), 3);
  EXPECT_EQ(some->classes(), all->classes());
  EXPECT_EQ(some->info().augmentation, all->info().augmentation);
  const std::vector<std::int64_t> samples = {7, 3, 19};
  std::vector<float> expected(static_cast<std::size_t>(all->shape().elements()));
  std::vector<float> found(expected.size());
  for (std::int64_t i = 0; i < 3; ++i) {
    std::int64_t label = -1;
    Rng first(i);
    Rng second(i);
    const std::int64_t sample = samples[static_cast<std::size_t>(i)];
    all->load(sample, expected, label, &first, Layout::kNhwc);
    some->load(i, found, label, &second, Layout::kNhwc);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(label, all->label(sample));
    EXPECT_EQ(some->fingerprint(i), all->fingerprint(sample));
  }
  EXPECT_NE(some->content_hash(), all->content_hash());
}

TEST(HoldOut, SplitsEverySampleIntoOneOfTwo) {
  for (const std::int64_t validation : {1, 37, 99}) {
    const HeldOut parts = hold_out(100, validation);
    EXPECT_EQ(std::ssize(parts.validation), validation);
    EXPECT_TRUE(std::is_sorted(parts.validation.begin(), parts.validation.end()));
    EXPECT_TRUE(std::is_sorted(parts.training.begin(), parts.training.end()));
    std::vector<std::int64_t> both = parts.training;
    both.insert(both.end(), parts.validation.begin(), parts.validation.end());
    std::sort(both.begin(), both.end());
    std::vector<std::int64_t> all(100);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(both, all);
  }
}

// Folders of classes come one class after the other.
TEST(HoldOut, TakesOfEveryClassInAListThatIsSortedByClass) {
  const HeldOut parts = hold_out(1000, 100);
  std::vector<int> counts(10);
  for (std::int64_t sample : parts.validation) ++counts[static_cast<std::size_t>(sample / 100)];
  for (int count : counts) EXPECT_NEAR(count, 10, 9);
  EXPECT_EQ(hold_out(1000, 100).validation, parts.validation);
}

}  // namespace
}  // namespace gradus
