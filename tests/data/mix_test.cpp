#include "gradus/data/mix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace gradus {
namespace {

constexpr ImageShape kShape = {2, 6, 5};

// Image i holds 100 * i + position.
Batch batch_of(std::int64_t n) {
  Batch batch;
  batch.n = n;
  for (std::int64_t i = 0; i < n; ++i) {
    batch.labels.push_back(i + 10);
    for (std::int64_t at = 0; at < kShape.elements(); ++at) {
      batch.images.push_back(static_cast<float>(100 * i + at));
    }
  }
  return batch;
}

float value(std::int64_t image, std::int64_t at) { return static_cast<float>(100 * image + at); }

TEST(Mix, AddsThePartnersShareWithMixup) {
  Batch batch = batch_of(3);
  mix(batch, kShape, Layout::kNchw, {.mixup = 0.4f, .seed = 1}, 5);
  EXPECT_EQ(batch.labels, (std::vector<std::int64_t>{10, 11, 12}));
  EXPECT_EQ(batch.partners, (std::vector<std::int64_t>{12, 10, 11}));
  ASSERT_GT(batch.share, 0.0f);
  ASSERT_LT(batch.share, 1.0f);
  const float rest = 1.0f - batch.share;
  for (std::int64_t i = 0; i < 3; ++i) {
    const std::int64_t partner = (i + 2) % 3;
    for (std::int64_t at = 0; at < kShape.elements(); ++at) {
      EXPECT_EQ(batch.images[static_cast<std::size_t>(i * kShape.elements() + at)],
                batch.share * value(i, at) + rest * value(partner, at));
    }
  }
}

TEST(Mix, ReplacesABoxWithCutmixAndCountsIt) {
  for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
    const Strides strides = strides_of(kShape, layout);
    for (std::int64_t step = 0; step < 100; ++step) {
      Batch batch = batch_of(2);
      mix(batch, kShape, layout, {.cutmix = 1.0f, .seed = 1}, step);
      int own = 0;
      for (std::int64_t y = 0; y < kShape.height; ++y) {
        for (std::int64_t x = 0; x < kShape.width; ++x) {
          const std::int64_t at = y * strides.row + x * strides.column;
          const bool first = batch.images[static_cast<std::size_t>(at)] == value(0, at);
          own += first ? 1 : 0;
          for (std::int64_t c = 0; c < kShape.channels; ++c) {
            const std::int64_t place = at + c * strides.channel;
            EXPECT_EQ(batch.images[static_cast<std::size_t>(place)], value(first ? 0 : 1, place));
            EXPECT_EQ(batch.images[static_cast<std::size_t>(kShape.elements() + place)],
                      value(first ? 1 : 0, place));
          }
        }
      }
      EXPECT_FLOAT_EQ(batch.share, static_cast<float>(own) / 30.0f);
      EXPECT_EQ(batch.partners, (std::vector<std::int64_t>{11, 10}));
    }
  }
}

TEST(Mix, HangsOnSeedAndStepAlone) {
  const auto mixed = [](std::uint64_t seed, std::int64_t step) {
    Batch batch = batch_of(4);
    mix(batch, kShape, Layout::kNhwc, {.mixup = 0.2f, .cutmix = 1.0f, .seed = seed}, step);
    return std::pair(batch.images, batch.share);
  };
  EXPECT_EQ(mixed(1, 3), mixed(1, 3));
  EXPECT_NE(mixed(1, 3), mixed(1, 4));
  EXPECT_NE(mixed(1, 3), mixed(2, 3));
}

TEST(Mix, LeavesAsManyBatchesAsAsked) {
  int untouched = 0;
  for (std::int64_t step = 0; step < 1000; ++step) {
    Batch batch = batch_of(2);
    mix(batch, kShape, Layout::kNchw, {.mixup = 1.0f, .probability = 0.3f}, step);
    if (!batch.partners.empty()) continue;
    ++untouched;
    EXPECT_EQ(batch.images, batch_of(2).images);
    EXPECT_EQ(batch.share, 1.0f);
  }
  EXPECT_NEAR(untouched, 700, 60);
  for (const MixOptions& none : {MixOptions{}, MixOptions{.mixup = 1.0f, .probability = 0.0f}}) {
    Batch batch = batch_of(2);
    mix(batch, kShape, Layout::kNchw, none, 1);
    EXPECT_EQ(batch.images, batch_of(2).images);
  }
  Batch alone = batch_of(1);
  mix(alone, kShape, Layout::kNchw, {.mixup = 1.0f}, 1);
  EXPECT_TRUE(alone.partners.empty());
}

TEST(Mix, ForgetsAnEarlierMixture) {
  Batch batch = batch_of(2);
  batch.partners = {1, 2};
  batch.share = 0.5f;
  mix(batch, kShape, Layout::kNchw, {}, 1);
  EXPECT_TRUE(batch.partners.empty());
  EXPECT_EQ(batch.share, 1.0f);
}

TEST(Mix, TakesEachHalfOfTheBatchesWhereBothAreGiven) {
  int boxes = 0;
  for (std::int64_t step = 0; step < 1000; ++step) {
    Batch batch = batch_of(2);
    mix(batch, kShape, Layout::kNchw, {.mixup = 1.0f, .cutmix = 1.0f}, step);
    // A box leaves whole values; a mixture has fractions.
    boxes += std::all_of(batch.images.begin(), batch.images.end(),
                         [](float v) { return v == std::floor(v); });
  }
  EXPECT_NEAR(boxes, 500, 60);
}

// Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)).
TEST(DrawBeta, HasTheMomentsOfTheDistribution) {
  for (const double alpha : {0.01, 0.2, 1.0, 2.5, 20.0}) {
    Rng rng(6);
    double sum = 0.0;
    double squares = 0.0;
    constexpr int kDraws = 40000;
    for (int i = 0; i < kDraws; ++i) {
      const double x = draw_beta(alpha, rng);
      ASSERT_GE(x, 0.0);
      ASSERT_LE(x, 1.0);
      sum += x;
      squares += (x - 0.5) * (x - 0.5);
    }
    const double variance = 1.0 / (4.0 * (2.0 * alpha + 1.0));
    // Five standard errors; the fourth moment is at most a quarter of the second.
    EXPECT_NEAR(sum / kDraws, 0.5, 5.0 * std::sqrt(variance / kDraws)) << alpha;
    EXPECT_NEAR(squares / kDraws, variance, 5.0 * std::sqrt(variance / 4.0 / kDraws)) << alpha;
  }
}

}  // namespace
}  // namespace gradus
