#include "gradus/quant/requantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/expect_error.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TestRandom;

constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();

TEST(Profile, IsReadBackFromItsName) {
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    EXPECT_EQ(profile_from_name(profile_name(profile)), profile);
  }
  expect_error(ErrorCode::kInvalidArgument, {"float", "ieee32", "fixed31"},
               [] { profile_from_name("float"); });
}

TEST(RoundingDivide, RoundsTiesAwayFromZero) {
  EXPECT_EQ(rounding_divide_by_power_of_two(-12, 3), -2);
  EXPECT_EQ(rounding_divide_by_power_of_two(12, 3), 2);
  EXPECT_EQ(rounding_divide_by_power_of_two(-4, 3), -1);
  EXPECT_EQ(rounding_divide_by_power_of_two(4, 3), 1);
  EXPECT_EQ(rounding_divide_by_power_of_two(-20, 3), -3);
}

TEST(RoundingDivide, EqualsRoundHalfAwayForEveryExponent) {
  TestRandom random;
  for (int i = 0; i < 200000; ++i) {
    const std::int32_t x = random.any_int32();
    const int exponent = random.integer(0, 31);
    const auto expected =
        static_cast<std::int32_t>(std::llround(std::ldexp(static_cast<long double>(x), -exponent)));
    ASSERT_EQ(rounding_divide_by_power_of_two(x, exponent), expected) << x << " >> " << exponent;
  }
}

TEST(HighMul, HasTheVectorsOfTheReference) {
  EXPECT_EQ(saturating_rounding_doubling_high_mul(3, 1 << 30), 2);
  EXPECT_EQ(saturating_rounding_doubling_high_mul(-3, 1 << 30), -1);
  EXPECT_EQ(saturating_rounding_doubling_high_mul(kMin, kMin), kMax);
  EXPECT_EQ(saturating_rounding_doubling_high_mul(kMin, kMax), -kMax);
}

TEST(HighMul, EqualsTheRoundingShiftOfTheDoubledProduct) {
  TestRandom random;
  for (int i = 0; i < 400000; ++i) {
    const std::int32_t a = random.any_int32();
    const std::int32_t b = random.any_int32();
    if (a == kMin && b == kMin) continue;
    const __int128 doubled = static_cast<__int128>(a) * b * 2;
    const auto expected = static_cast<std::int32_t>((doubled + (__int128{1} << 31)) >> 32);
    ASSERT_EQ(saturating_rounding_doubling_high_mul(a, b), expected) << a << " * " << b;
  }
}

TEST(FixedMultiplier, HasTheVectorOfThePaper) {
  EXPECT_EQ(fixed_multiplier(0.007247427341846), (FixedMultiplier{1992157658, -7}));
}

TEST(FixedMultiplier, IsNormalisedAndNearTheReal) {
  TestRandom random;
  for (int i = 0; i < 100000; ++i) {
    const double sign = i % 2 == 0 ? 1.0 : -1.0;
    const double real = sign * std::ldexp(0.5 + static_cast<double>(random.rng().uniform()) / 2,
                                          random.integer(-31, 31));
    const FixedMultiplier m = fixed_multiplier(real);
    const std::int64_t magnitude = std::abs(static_cast<std::int64_t>(m.multiplier));
    ASSERT_GE(magnitude, std::int64_t{1} << 30) << real;
    ASSERT_LT(magnitude, std::int64_t{1} << 31) << real;
    const double value = std::ldexp(static_cast<double>(m.multiplier), m.shift - 31);
    ASSERT_NEAR(value / real, 1.0, 0x1p-31) << real;
  }
}

TEST(FixedMultiplier, CarriesARoundedUpFractionIntoTheShift) {
  EXPECT_EQ(fixed_multiplier(1.0), (FixedMultiplier{1 << 30, 1}));
  EXPECT_EQ(fixed_multiplier(1.0 - 0x1p-40), (FixedMultiplier{1 << 30, 1}));
  EXPECT_EQ(fixed_multiplier(-1.0 + 0x1p-40), (FixedMultiplier{-(1 << 30), 1}));
  EXPECT_EQ(fixed_multiplier(0x1p31 - 0x1p-20), (FixedMultiplier{1 << 30, 32}));
}

TEST(FixedMultiplier, IsZeroWhereEveryProductRoundsToZero) {
  EXPECT_EQ(fixed_multiplier(0.0), FixedMultiplier{});
  EXPECT_EQ(fixed_multiplier(0x1.8p-33), FixedMultiplier{});
  EXPECT_EQ(fixed_multiplier(0x1p-32), (FixedMultiplier{1 << 30, -31}));
}

// (15) in arithmetic wide enough that nothing can go wrong.
std::int32_t fixed_as_written(std::int32_t acc, FixedMultiplier m) {
  __int128 shifted = static_cast<__int128>(acc) << std::max(m.shift, 0);
  shifted = std::min<__int128>(std::max<__int128>(shifted, kMin), kMax);
  const __int128 product = shifted * m.multiplier;
  const __int128 nudge = product >= 0 ? __int128{1} << 30 : 1 - (__int128{1} << 30);
  const __int128 high = (product + nudge) / (__int128{1} << 31);
  const int right = std::max(-m.shift, 0);
  const __int128 magnitude = high < 0 ? -high : high;
  const __int128 half = right == 0 ? 0 : __int128{1} << (right - 1);
  const __int128 rounded = (magnitude + half) >> right;
  return static_cast<std::int32_t>(high < 0 ? -rounded : rounded);
}

TEST(MultiplyByFixed, IsTheWrittenFormulaForEveryShift) {
  TestRandom random;
  for (int i = 0; i < 400000; ++i) {
    const double real =
        (i % 2 == 0 ? 1.0 : -1.0) *
        std::ldexp(0.5 + static_cast<double>(random.rng().uniform()) / 2, random.integer(-33, 31));
    const FixedMultiplier m = fixed_multiplier(real);
    const std::int32_t acc = random.any_int32();
    ASSERT_EQ(multiply_by_fixed(acc, m), fixed_as_written(acc, m)) << acc << " * " << real;
  }
}

TEST(MultiplyByFixed, IsWithinOneOfTheRealProduct) {
  TestRandom random;
  for (int i = 0; i < 100000; ++i) {
    const double real = static_cast<double>(random.rng().uniform());
    const std::int32_t acc = random.any_int32();
    const double product = static_cast<double>(acc) * real;
    ASSERT_NEAR(static_cast<double>(multiply_by_fixed(acc, fixed_multiplier(real))), product,
                1.0 + std::fabs(product) * 0x1p-31);
  }
}

TEST(Requantizer, IsTheWrittenIeeeFormula) {
  TestRandom random;
  for (int i = 0; i < 200000; ++i) {
    // More digits than a float holds: (10) rounds it to float before it divides.
    const double scale = static_cast<double>(random.rng().uniform(-0.1f, 0.1f)) * 1.00000007;
    const float output = std::exp2(random.rng().uniform(-12.0f, 4.0f));
    const std::int32_t zero_point = random.integer(0, 255);
    const std::int32_t low = random.integer(0, zero_point);
    const Requantizer requantize =
        make_requantizer(Profile::kIeee32, std::span(&scale, 1), output, zero_point, low, 255);
    const std::int32_t acc = i % 3 == 0 ? random.any_int32() : random.integer(-30000, 30000);
    // (10), (11)
    const float multiplier = static_cast<float>(scale) / output;
    ASSERT_EQ(requantize.multiplier.at(0), multiplier);
    const float product = static_cast<float>(acc) * multiplier;
    const double code = std::rint(static_cast<double>(product)) + zero_point;
    ASSERT_EQ(requantize(acc, 0),
              static_cast<std::int32_t>(std::min(std::max<double>(code, low), 255.0)))
        << acc << " * " << scale << " / " << output << " + " << zero_point;
  }
}

TEST(Requantizer, IsTheWrittenFixedFormula) {
  TestRandom random;
  for (int i = 0; i < 200000; ++i) {
    const double scale = static_cast<double>(random.rng().uniform(-0.1f, 0.1f));
    const float output = std::exp2(random.rng().uniform(-12.0f, 4.0f));
    const std::int32_t zero_point = random.integer(-8, 7);
    const Requantizer requantize =
        make_requantizer(Profile::kFixed31, std::span(&scale, 1), output, zero_point, -8, 7);
    const std::int32_t acc = i % 3 == 0 ? random.any_int32() : random.integer(-300, 300);
    const FixedMultiplier m = fixed_multiplier(scale / static_cast<double>(output));
    const std::int64_t code = std::int64_t{fixed_as_written(acc, m)} + zero_point;
    ASSERT_EQ(requantize(acc, 0), std::min<std::int64_t>(std::max<std::int64_t>(code, -8), 7));
  }
}

TEST(Requantizer, TakesTheChannelsOwnMultiplierOrTheSharedOne) {
  const std::vector<double> scales = {0.5, -0.25, 2.0};
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const auto own = make_requantizer(profile, scales, 1.0f, 0, -128, 127);
    EXPECT_EQ(own(8, 0), 4);
    EXPECT_EQ(own(8, 1), -2);
    EXPECT_EQ(own(8, 2), 16);
    const auto shared = make_requantizer(profile, std::span(scales).first(1), 1.0f, 0, -128, 127);
    EXPECT_EQ(shared(8, 7), 4);
  }
}

TEST(Requantizer, DiffersBetweenProfilesOnATie) {
  const double half = 0.5;
  const auto ieee = make_requantizer(Profile::kIeee32, std::span(&half, 1), 1.0f, 0, -128, 127);
  const auto fixed = make_requantizer(Profile::kFixed31, std::span(&half, 1), 1.0f, 0, -128, 127);
  EXPECT_EQ(ieee(5, 0), 2) << "ties to even";
  EXPECT_EQ(fixed(5, 0), 3) << "ties towards plus infinity, then away from zero";
}

TEST(Requantizer, SaturatesToTheClampWhateverTheAccumulator) {
  const double scale = 1e20;
  const auto requantize = make_requantizer(Profile::kIeee32, std::span(&scale, 1), 1.0f, 3, 1, 14);
  EXPECT_EQ(requantize(kMax, 0), 14);
  EXPECT_EQ(requantize(kMin, 0), 1);
  EXPECT_EQ(requantize(0, 0), 3);
}

TEST(MakeRequantizer, RefusesAMultiplierThatIsTooLarge) {
  const double scale = 1.0;
  expect_error(ErrorCode::kUnsupported, {"multiplier"}, [&] {
    make_requantizer(Profile::kFixed31, std::span(&scale, 1), 0x1p-31f, 0, 0, 255);
  });
  EXPECT_NO_THROW(make_requantizer(Profile::kFixed31, std::span(&scale, 1), 0x1.8p-31f, 0, 0, 255));
  const double large = 1e30;
  expect_error(ErrorCode::kUnsupported, {"multiplier"}, [&] {
    make_requantizer(Profile::kIeee32, std::span(&large, 1), 0x1p-100f, 0, 0, 255);
  });
}

}  // namespace
}  // namespace gradus
