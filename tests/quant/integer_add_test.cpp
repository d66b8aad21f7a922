#include "gradus/quant/integer_add.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/specs.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TestRandom;

ActivationQuantizer random_quantizer(TestRandom& random) {
  const auto specs = testing_support::all_specs();
  while (true) {
    const auto& spec = specs[random.rng().below(specs.size())];
    const Grid grid = spec.grid();
    if (grid.binary) continue;
    return {grid, std::exp2(random.rng().uniform(-8.0f, 2.0f)),
            spec.symmetric ? 0 : random.integer(grid.quant_min, grid.quant_max)};
  }
}

// (17)
std::int32_t ieee_as_written(const ActivationQuantizer& a, const ActivationQuantizer& b,
                             const ActivationQuantizer& y, std::int32_t ca, std::int32_t cb,
                             float sign = 1) {
  const volatile float ma = a.scale / y.scale;
  const volatile float mb = b.scale / y.scale;
  const volatile float pa = static_cast<float>(ca - a.zero_point) * ma;
  const volatile float pb = static_cast<float>(cb - b.zero_point) * mb;
  const volatile float sum = pa + sign * pb;
  const double code = std::rint(static_cast<double>(sum)) + y.zero_point;
  return static_cast<std::int32_t>(
      std::min<double>(std::max<double>(code, y.grid.quant_min), y.grid.quant_max));
}

// (18)
std::int32_t fixed_as_written(const ActivationQuantizer& a, const ActivationQuantizer& b,
                              const ActivationQuantizer& y, std::int32_t ca, std::int32_t cb,
                              double sign = 1) {
  const double s = 2.0 * std::max(static_cast<double>(a.scale), static_cast<double>(b.scale));
  const auto part = [&](const ActivationQuantizer& q, std::int32_t code, double times) {
    return multiply_by_fixed((code - q.zero_point) * 1048576,
                             fixed_multiplier(times * static_cast<double>(q.scale) / s));
  };
  const std::int32_t acc = part(a, ca, 1) + part(b, cb, sign);
  const double out = s / (1048576.0 * static_cast<double>(y.scale));
  const std::int64_t code =
      std::int64_t{multiply_by_fixed(acc, fixed_multiplier(out))} + y.zero_point;
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(code, y.grid.quant_min, y.grid.quant_max));
}

TEST(IntegerAdd, IsTheWrittenFormulaOfBothProfiles) {
  TestRandom random;
  for (int i = 0; i < 3000; ++i) {
    const auto a = random_quantizer(random);
    const auto b = random_quantizer(random);
    const auto y = random_quantizer(random);
    const auto ieee =
        make_integer_add(Profile::kIeee32, a, b, y, y.grid.quant_min, y.grid.quant_max);
    const auto fixed =
        make_integer_add(Profile::kFixed31, a, b, y, y.grid.quant_min, y.grid.quant_max);
    const auto ieee_less =
        make_integer_add(Profile::kIeee32, a, b, y, y.grid.quant_min, y.grid.quant_max, true);
    const auto fixed_less =
        make_integer_add(Profile::kFixed31, a, b, y, y.grid.quant_min, y.grid.quant_max, true);
    for (int j = 0; j < 50; ++j) {
      const std::int32_t ca = random.integer(a.grid.quant_min, a.grid.quant_max);
      const std::int32_t cb = random.integer(b.grid.quant_min, b.grid.quant_max);
      ASSERT_EQ(ieee(ca, cb), ieee_as_written(a, b, y, ca, cb));
      ASSERT_EQ(fixed(ca, cb), fixed_as_written(a, b, y, ca, cb));
      ASSERT_EQ(ieee_less(ca, cb), ieee_as_written(a, b, y, ca, cb, -1));
      ASSERT_EQ(fixed_less(ca, cb), fixed_as_written(a, b, y, ca, cb, -1));
    }
  }
}

TEST(IntegerAdd, IsWithinOneCodeOfTheRealSum) {
  TestRandom random;
  for (int i = 0; i < 20000; ++i) {
    const auto a = random_quantizer(random);
    const auto b = random_quantizer(random);
    const auto y = random_quantizer(random);
    const std::int32_t ca = random.integer(a.grid.quant_min, a.grid.quant_max);
    const std::int32_t cb = random.integer(b.grid.quant_min, b.grid.quant_max);
    const float sum = dequantize(ca, a.scale, a.zero_point) + dequantize(cb, b.scale, b.zero_point);
    const std::int32_t nearest = quantize(sum, y.scale, y.zero_point, y.grid);
    for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
      const auto add = make_integer_add(profile, a, b, y, y.grid.quant_min, y.grid.quant_max);
      ASSERT_LE(std::abs(add(ca, cb) - nearest), 1) << profile_name(profile);
    }
  }
}

TEST(IntegerAdd, AddsExactlyOnOneScale) {
  const ActivationQuantizer q{{0, 255, false}, 0.1f, 10};
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const auto add = make_integer_add(profile, q, q, q, 0, 255);
    for (std::int32_t a = 0; a <= 255; a += 5) {
      for (std::int32_t b = 0; b <= 255; b += 3) {
        ASSERT_EQ(add(a, b), std::clamp(a + b - 10, 0, 255)) << profile_name(profile);
      }
    }
  }
}

TEST(IntegerAdd, CutsAtAFusedActivation) {
  const ActivationQuantizer q{{0, 255, false}, 1.0f, 100};
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const auto add = make_integer_add(profile, q, q, q, 100, 120);
    EXPECT_EQ(add(0, 0), 100) << "ReLU";
    EXPECT_EQ(add(200, 200), 120) << "a maximum";
  }
}

TEST(IntegerAdd, RefusesAnOutputScaleFarBelowItsInputs) {
  const ActivationQuantizer large{{0, 255, false}, 1e10f, 0};
  const ActivationQuantizer tiny{{0, 255, false}, 0x1p-100f, 0};
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    expect_error(ErrorCode::kUnsupported, {"addition"},
                 [&] { make_integer_add(profile, large, large, tiny, 0, 255); });
  }
}

}  // namespace
}  // namespace gradus
