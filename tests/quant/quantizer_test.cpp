#include "gradus/quant/quantizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/specs.h"

namespace gradus {
namespace {

using testing_support::all_specs;
using testing_support::describe;
using testing_support::expect_error;
using testing_support::TestRandom;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Grid, HasTheCodesOfTheNumericsTable) {
  EXPECT_EQ((QuantizerSpec{.bits = 8}.grid()), (Grid{0, 255, false}));
  EXPECT_EQ((QuantizerSpec{.bits = 1}.grid()), (Grid{0, 1, false}));
  EXPECT_EQ((QuantizerSpec{.bits = 8, .is_signed = true}.grid()), (Grid{-128, 127, false}));
  EXPECT_EQ((QuantizerSpec{.bits = 4, .is_signed = true, .narrow_range = true}.grid()),
            (Grid{-7, 7, false}));
  EXPECT_EQ((QuantizerSpec{.bits = 2, .is_signed = true, .narrow_range = true}.grid()),
            (Grid{-1, 1, false}));
  EXPECT_EQ((QuantizerSpec{.bits = 1, .is_signed = true, .symmetric = true}.grid()),
            (Grid{-1, 1, true}));
}

TEST(QuantizerSpec, RefusesBitsAxesAndBinaryZeroPointsThatCannotBe) {
  for (int bits : {-1, 0, 9, 32}) {
    expect_error(ErrorCode::kInvalidArgument, {"weights", "1 to 8", std::to_string(bits)},
                 [&] { QuantizerSpec{.bits = bits}.validate("weights"); });
  }
  expect_error(ErrorCode::kInvalidArgument, {"axis"},
               [] { QuantizerSpec{.axis = -1}.validate("w"); });
  expect_error(ErrorCode::kInvalidArgument, {"symmetric"},
               [] { QuantizerSpec{.bits = 1, .is_signed = true}.validate("w"); });
  for (const auto& spec : all_specs()) EXPECT_NO_THROW(spec.validate("w")) << describe(spec);
}

TEST(Quantize, RoundsTiesToEven) {
  const Grid grid{-128, 127, false};
  EXPECT_EQ(quantize(0.5f, 1.0f, 0, grid), 0);
  EXPECT_EQ(quantize(1.5f, 1.0f, 0, grid), 2);
  EXPECT_EQ(quantize(2.5f, 1.0f, 0, grid), 2);
  EXPECT_EQ(quantize(-0.5f, 1.0f, 0, grid), 0);
  EXPECT_EQ(quantize(-1.5f, 1.0f, 0, grid), -2);
  // The zero point is added after rounding: an odd one does not turn the ties round.
  EXPECT_EQ(quantize(0.5f, 1.0f, 3, grid), 3);
  EXPECT_EQ(quantize(1.5f, 1.0f, 3, grid), 5);
}

TEST(Quantize, SaturatesAtBothEnds) {
  const Grid grid{0, 15, false};
  EXPECT_EQ(quantize(kInfinity, 0.1f, 3, grid), 15);
  EXPECT_EQ(quantize(-kInfinity, 0.1f, 3, grid), 0);
  EXPECT_EQ(quantize(std::numeric_limits<float>::max(), 0x1p-100f, 3, grid), 15);
  EXPECT_EQ(quantize(-1e30f, 1e-10f, 3, grid), 0);
}

TEST(Quantize, TakesTheSignOnTheBinaryGrid) {
  const Grid grid{-1, 1, true};
  EXPECT_EQ(quantize(0.0f, 1.0f, 0, grid), 1);
  EXPECT_EQ(quantize(-0.0f, 1.0f, 0, grid), 1);
  EXPECT_EQ(quantize(-1e-30f, 1.0f, 0, grid), -1);
  EXPECT_EQ(quantize(kInfinity, 1.0f, 0, grid), 1);
}

// (2) as it is written, in wide arithmetic after the one float division.
std::int32_t quantize_as_written(float x, float scale, std::int32_t zero_point, const Grid& grid) {
  const float quotient = x / scale;
  const double rounded = std::rint(static_cast<double>(quotient)) + zero_point;
  return static_cast<std::int32_t>(
      std::min<double>(std::max<double>(rounded, grid.quant_min), grid.quant_max));
}

TEST(Quantize, IsTheWrittenFormulaOnEveryGrid) {
  TestRandom random;
  for (const auto& spec : all_specs()) {
    const Grid grid = spec.grid();
    if (grid.binary) continue;
    for (int i = 0; i < 2000; ++i) {
      const std::int32_t zero_point =
          spec.symmetric ? 0 : random.integer(grid.quant_min, grid.quant_max);
      const float scale = random.rng().uniform(0.001f, 2.0f);
      // Half of them exactly between two codes where the float can say so.
      const float x = i % 2 == 0 ? 200.0f * random.rng().normal()
                                 : scale * (static_cast<float>(random.integer(-300, 300)) + 0.5f);
      ASSERT_EQ(quantize(x, scale, zero_point, grid),
                quantize_as_written(x, scale, zero_point, grid))
          << describe(spec) << " x " << x << " scale " << scale << " zero point " << zero_point;
    }
  }
}

TEST(Quantize, GivesBackEveryCodeThatWasDequantized) {
  TestRandom random;
  for (const auto& spec : all_specs()) {
    const Grid grid = spec.grid();
    std::set<std::int32_t> codes;
    for (std::int32_t code = grid.quant_min; code <= grid.quant_max; ++code) {
      if (grid.binary && code == 0) continue;
      const std::int32_t zero_point = spec.symmetric ? 0 : grid.quant_min + 1;
      const float scale = random.rng().uniform(1e-6f, 100.0f);
      EXPECT_EQ(quantize(dequantize(code, scale, zero_point), scale, zero_point, grid), code)
          << describe(spec);
      codes.insert(code);
    }
    EXPECT_LE(codes.size(), std::size_t{1} << spec.bits) << describe(spec);
  }
}

TEST(ChooseParameters, PutsZeroOnTheGridAndCoversTheRange) {
  TestRandom random;
  for (const auto& spec : all_specs()) {
    const Grid grid = spec.grid();
    for (int i = 0; i < 300; ++i) {
      const float magnitude = std::exp2(static_cast<float>(random.integer(-30, 30)));
      float min = magnitude * random.rng().uniform(-1.0f, 1.0f);
      float max = magnitude * random.rng().uniform(-1.0f, 1.0f);
      if (min > max) std::swap(min, max);
      float scale = 0;
      std::int32_t zero_point = -1000;
      choose_parameters(min, max, spec, &scale, &zero_point);
      ASSERT_TRUE(std::isfinite(scale) && scale > 0) << describe(spec);
      ASSERT_GE(zero_point, grid.quant_min);
      ASSERT_LE(zero_point, grid.quant_max);
      ASSERT_EQ(dequantize(zero_point, scale, zero_point), 0.0f);
      if (spec.symmetric) {
        ASSERT_EQ(zero_point, 0);
      }
      // The ends are at most half a step beyond the grid: that is what moving zero onto it costs.
      const float tolerance = 0.5001f * scale;
      if (spec.is_signed || !spec.symmetric) {
        ASSERT_GE(std::min(min, 0.0f), dequantize(grid.quant_min, scale, zero_point) - tolerance);
      }
      ASSERT_LE(std::max(max, 0.0f), dequantize(grid.quant_max, scale, zero_point) + tolerance);
    }
  }
}

TEST(ChooseParameters, GivesTheScalesOfTheEquations) {
  float scale = 0;
  std::int32_t zero_point = -1;
  choose_parameters(-2.0f, 1.0f, {.bits = 4, .is_signed = true, .symmetric = true}, &scale,
                    &zero_point);
  EXPECT_EQ(scale, 2.0f / 7.0f);  // (3)
  choose_parameters(-5.0f, 3.0f, {.bits = 4, .symmetric = true}, &scale, &zero_point);
  EXPECT_EQ(scale, 3.0f / 15.0f);  // (3): an unsigned grid reaches upwards only
  choose_parameters(-1.0f, 3.0f, {.bits = 8}, &scale, &zero_point);
  EXPECT_EQ(scale, 3.0f / 255.0f + 1.0f / 255.0f);  // (4)
  EXPECT_EQ(zero_point, 64);                        // 63.75
  choose_parameters(2.0f, 3.0f, {.bits = 8}, &scale, &zero_point);
  EXPECT_EQ(zero_point, 0) << "a positive range is widened to contain 0";
}

TEST(ChooseParameters, TakesAConstantZeroTensor) {
  for (const auto& spec : all_specs()) {
    float scale = 0;
    std::int32_t zero_point = -1;
    choose_parameters(0.0f, 0.0f, spec, &scale, &zero_point);
    EXPECT_EQ(scale, 0x1p-100f) << describe(spec);
    if (!spec.grid().binary) {
      EXPECT_EQ(quantize(0.0f, scale, zero_point, spec.grid()), zero_point);
    }
  }
}

TEST(ChooseParameters, StaysFiniteAtTheLargestFloats) {
  const float huge = std::numeric_limits<float>::max();
  for (const auto& spec : all_specs()) {
    float scale = 0;
    std::int32_t zero_point = -1000;
    choose_parameters(-huge, huge, spec, &scale, &zero_point);
    EXPECT_TRUE(std::isfinite(scale)) << describe(spec);
    if (spec.bits > 2) {
      EXPECT_LT(scale, huge) << describe(spec)
                             << ": max - min overflows, its share of a step does not";
    }
    EXPECT_GE(zero_point, spec.grid().quant_min) << describe(spec);
  }
}

TEST(ChooseParameters, RefusesARangeThatIsNotFinite) {
  float scale = 0;
  std::int32_t zero_point = 0;
  for (float bad : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    expect_error(ErrorCode::kFailed, {"not finite"},
                 [&] { choose_parameters(bad, 1.0f, {}, &scale, &zero_point); });
    expect_error(ErrorCode::kFailed, {"not finite"},
                 [&] { choose_parameters(-1.0f, bad, {}, &scale, &zero_point); });
  }
}

TEST(BinaryScale, IsTheMeanMagnitude) {
  const std::vector<float> weights = {1.0f, -2.0f, 0.0f, 5.0f};
  EXPECT_EQ(binary_scale(weights), 2.0f);
  EXPECT_EQ(binary_scale({}), 0x1p-100f);
  EXPECT_EQ(binary_scale(std::vector<float>(5, 0.0f)), 0x1p-100f);
}

}  // namespace
}  // namespace gradus
