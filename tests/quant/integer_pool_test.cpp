#include "gradus/quant/integer_pool.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/check.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::TestRandom;

const ActivationQuantizer kInput{{0, 255, false}, 0.02f, 7};
const ActivationQuantizer kOutput{{0, 15, false}, 0.31f, 2};

TEST(IntegerAveragePool, RequantizesTheSumWithTheDivisorInTheUnit) {
  TestRandom random;
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const auto pool = make_integer_average_pool(profile, kInput, kOutput, 0, 15, 49);
    for (int i = 0; i < 20000; ++i) {
      const std::int32_t count = random.integer(1, 49);
      const std::int32_t sum = random.integer(-7 * count, 248 * count);
      const double unit = static_cast<double>(kInput.scale) / count;  // (19)
      const auto expected =
          make_requantizer(profile, std::span(&unit, 1), kOutput.scale, kOutput.zero_point, 0, 15);
      ASSERT_EQ(pool(sum, count), expected(sum, 0)) << sum << " / " << count;
      const float real = static_cast<float>(sum) * kInput.scale / static_cast<float>(count);
      ASSERT_LE(std::abs(pool(sum, count) - quantize(real, kOutput.scale, 2, kOutput.grid)), 1);
    }
  }
}

// What TFLite's and CMSIS-NN's average pools compute; a multiplier would make 1 of 1/3.
TEST(IntegerAveragePool, DividesCodesUnderFixed31BetweenEqualQuantizers) {
  const ActivationQuantizer same{{-128, 127, false}, 0.02f, -3};
  const auto pool = make_integer_average_pool(Profile::kFixed31, same, same, -100, 100, 1000);
  // Sums of code + 3 over the window.
  EXPECT_EQ(pool(1 + 9, 3), 0);  // codes sum to 1
  EXPECT_EQ(pool(2 + 9, 3), 1);
  EXPECT_EQ(pool(-1 + 6, 2), -1);  // a tie, away from zero
  EXPECT_EQ(pool(1 + 6, 2), 1);
  EXPECT_EQ(pool(-3 + 12, 4), -1);
  EXPECT_EQ(pool(127 * 3, 3), 100);  // the clamp
  EXPECT_EQ(pool(-110 * 3, 3), -100);
  for (std::int32_t count = 1; count <= 1000; count += 37) {
    for (std::int32_t codes = -100 * count; codes <= 100 * count; codes += 7) {
      const auto expected = std::llround(static_cast<double>(codes) / count);
      ASSERT_EQ(pool(codes + 3 * count, count), expected) << codes << " / " << count;
    }
  }
  ActivationQuantizer other = same;
  other.scale = 0.021f;
  EXPECT_FALSE(make_integer_average_pool(Profile::kFixed31, same, other, -128, 127, 3).divides);
  other = same;
  other.zero_point = 0;
  EXPECT_FALSE(make_integer_average_pool(Profile::kFixed31, same, other, -128, 127, 3).divides);
  EXPECT_FALSE(make_integer_average_pool(Profile::kIeee32, same, same, -128, 127, 3).divides);
}

TEST(IntegerAveragePool, LeavesAsFloatWithEachOperationRoundedOnce) {
  EXPECT_EQ(average_unit(0.02f, 3), static_cast<double>(0.02f) / 3.0);
  EXPECT_EQ(average_to_float(10, 0.5f, 4), 1.25f);
  const float unit = static_cast<float>(static_cast<double>(0.02f) / 49.0);
  EXPECT_EQ(average_to_float(12345, 0.02f, 49), 12345.0f * unit);
}

TEST(IntegerAveragePool, IsNeverOverNothing) {
  EXPECT_THROW(make_integer_average_pool(Profile::kIeee32, kInput, kOutput, 0, 15, 0), LogicError);
}

}  // namespace
}  // namespace gradus
