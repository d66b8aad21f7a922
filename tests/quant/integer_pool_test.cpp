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
      const auto expected = make_requantizer(profile, std::span(&unit, 1), kOutput.scale,
                                             kOutput.zero_point, 0, 15);
      ASSERT_EQ(pool(sum, count), expected(sum, 0)) << sum << " / " << count;
      const float real = static_cast<float>(sum) * kInput.scale / static_cast<float>(count);
      ASSERT_LE(std::abs(pool(sum, count) - quantize(real, kOutput.scale, 2, kOutput.grid)), 1);
    }
  }
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
