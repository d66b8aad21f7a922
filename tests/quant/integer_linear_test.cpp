#include "gradus/quant/integer_linear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/quant/bitpack.h"
#include "gradus/quant/requantize.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/specs.h"

namespace gradus {
namespace {

using testing_support::all_specs;
using testing_support::describe;
using testing_support::expect_error;
using testing_support::TestRandom;

// A layer that owns its numbers.
struct Example {
  std::vector<float> weights;
  std::vector<float> gain;
  std::vector<float> offset;
  LinearLayer layer;
};

QuantizationParameters choose(const std::vector<float>& weights, std::size_t channels,
                              const QuantizerSpec& spec) {
  QuantizationParameters parameters;
  const std::size_t groups = spec.per_channel ? channels : 1;
  const std::size_t size = weights.size() / groups;
  for (std::size_t g = 0; g < groups; ++g) {
    const auto part = std::span(weights).subspan(g * size, size);
    float scale = 0;
    std::int32_t zero_point = 0;
    const auto [min, max] = std::minmax_element(part.begin(), part.end());
    choose_parameters(*min, *max, spec, &scale, &zero_point);
    if (spec.grid().binary) scale = binary_scale(part);
    parameters.scale.push_back(scale);
    parameters.zero_point.push_back(zero_point);
  }
  return parameters;
}

Example random_example(TestRandom& random, std::size_t channels, std::size_t taps,
                       const QuantizerSpec& spec, bool with_gain) {
  Example example;
  example.weights = random.normals(channels * taps, 0.2f);
  if (with_gain) example.gain = random.floats(channels, -2.0f, 2.0f);
  example.offset = random.normals(channels);
  example.layer = {example.weights,
                   static_cast<std::int64_t>(channels),
                   static_cast<std::int64_t>(taps),
                   spec,
                   choose(example.weights, channels, spec),
                   example.gain,
                   example.offset};
  return example;
}

// (9) for one channel and one row of input codes.
std::int64_t accumulate(const IntegerLinear& linear, std::size_t channel, std::size_t taps,
                        const std::vector<std::int32_t>& input, std::int32_t input_zero_point) {
  std::int64_t sum = linear.bias[channel];
  for (std::size_t k = 0; k < taps; ++k) {
    sum += std::int64_t{linear.codes[channel * taps + k] - linear.zero_point[channel]} *
           (input[k] - input_zero_point);
  }
  return sum;
}

TEST(IntegerLinear, IsAPlainComputationInRealsOnEveryGrid) {
  TestRandom random;
  constexpr std::size_t kChannels = 3;
  constexpr std::size_t kTaps = 27;
  for (QuantizerSpec spec : all_specs()) {
    for (bool per_channel : {false, true}) {
      for (bool with_gain : {false, true}) {
        spec.per_channel = per_channel;
        const Example example = random_example(random, kChannels, kTaps, spec, with_gain);
        const ActivationQuantizer input{{0, 255, false}, 0.013f, random.integer(0, 255)};
        const IntegerLinear linear = make_integer_linear(example.layer, input, "conv1");
        for (std::size_t c = 0; c < kChannels; ++c) {
          const std::size_t q = per_channel ? c : 0;
          const double gain = with_gain ? static_cast<double>(example.gain[c]) : 1.0;
          const auto codes = random.integers(kTaps, 0, 255);
          double real = 0;
          for (std::size_t k = 0; k < kTaps; ++k) {
            const float scale = example.layer.parameters.scale[q];
            const std::int32_t zero = example.layer.parameters.zero_point[q];
            const std::int32_t code =
                quantize(example.weights[c * kTaps + k], scale, zero, spec.grid());
            ASSERT_EQ(linear.codes[c * kTaps + k], code) << describe(spec);
            real += static_cast<double>(scale) * (code - zero) * static_cast<double>(input.scale) *
                    (codes[k] - input.zero_point);
          }
          real = gain * real + static_cast<double>(example.offset[c]);
          const std::int64_t acc = accumulate(linear, c, kTaps, codes, input.zero_point);
          // The bias is the only thing rounded: half a unit.
          const double unit = linear.accumulator_scale[c];
          ASSERT_NEAR(static_cast<double>(acc) * unit, real, 0.5001 * std::fabs(unit))
              << describe(spec) << (per_channel ? " per channel" : "")
              << (with_gain ? " gain" : "");
          ASSERT_LE(std::abs(acc), linear.largest_accumulator);
        }
      }
    }
  }
}

TEST(AccumulatorBound, IsReachedByTheWorstInput) {
  TestRandom random;
  for (int round = 0; round < 500; ++round) {
    const auto weights = random.integers(10, -8, 7);
    const std::int32_t zero_point = random.integer(-2, 2);
    const ActivationQuantizer input{{-8, 7, false}, 1.0f, random.integer(-8, 7)};
    const std::int32_t bias = random.integer(-500, 500);
    // Taps are added in the order that carries the sum furthest: all that go one way first.
    std::int64_t worst = 0;
    for (bool upwards : {false, true}) {
      std::int64_t stored_bias = bias;
      for (std::int32_t w : weights)
        stored_bias -= std::int64_t{w - zero_point} * (input.zero_point + 8);
      for (std::int64_t begin : {std::int64_t{0}, stored_bias}) {
        std::int64_t sum = begin;
        for (std::int32_t w : weights) {
          if ((w > zero_point) == upwards) sum += std::int64_t{w - zero_point} * 15;
        }
        worst = std::max(worst, std::abs(sum));
      }
      std::int64_t direct = 0;
      for (std::int32_t w : weights) {
        const std::int32_t code = (w > zero_point) == upwards ? 7 : -8;
        direct += std::int64_t{w - zero_point} * (code - input.zero_point);
      }
      worst = std::max(worst, std::abs(direct));
    }
    ASSERT_EQ(accumulator_bound(weights, zero_point, bias, input), worst);
  }
}

TEST(AccumulatorBound, CoversEveryPartialSumInBothForms) {
  TestRandom random;
  for (int round = 0; round < 2000; ++round) {
    const std::size_t taps = static_cast<std::size_t>(random.integer(1, 20));
    const std::int32_t zero_point = random.integer(-8, 7);
    const auto weights = random.integers(taps, -8, 7);
    const ActivationQuantizer input{{0, 15, false}, 1.0f, random.integer(0, 15)};
    const std::int32_t bias = random.integer(-50, 50) * (round % 2 == 0 ? 1 : 100);
    const std::int64_t bound = accumulator_bound(weights, zero_point, bias, input);
    auto codes = random.integers(taps, 0, 15);
    if (round % 3 == 0) {  // the input that drives every product upwards
      for (std::size_t k = 0; k < taps; ++k) codes[k] = weights[k] > zero_point ? 15 : 0;
    }
    std::int64_t direct = bias;
    std::int64_t stored = bias;
    std::int64_t without_bias = 0;
    for (std::int32_t w : weights) stored -= std::int64_t{w - zero_point} * input.zero_point;
    for (std::size_t k = 0; k < taps; ++k) {
      ASSERT_LE(std::abs(direct), bound);
      ASSERT_LE(std::abs(stored), bound);
      ASSERT_LE(std::abs(without_bias), bound);
      without_bias += std::int64_t{weights[k] - zero_point} * (codes[k] - input.zero_point);
      direct += std::int64_t{weights[k] - zero_point} * (codes[k] - input.zero_point);
      stored += std::int64_t{weights[k] - zero_point} * codes[k];
    }
    ASSERT_EQ(direct, stored);
    ASSERT_LE(std::abs(direct), bound);
  }
}

TEST(IntegerLinear, EnlargesTheWeightScaleUntilTheBiasFits) {
  const std::vector<float> weights = {1e-6f, -1e-6f};
  const std::vector<float> offset = {3.0f};
  const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true, .per_channel = true};
  const LinearLayer layer{weights, 1, 2, spec, choose(weights, 1, spec), {}, offset};
  const ActivationQuantizer input{{0, 255, false}, 1e-4f, 0};
  const IntegerLinear linear = make_integer_linear(layer, input, "fc");
  const float before = layer.parameters.scale[0];
  EXPECT_GT(linear.weight_scale[0], before);
  const float factor = linear.weight_scale[0] / before;
  EXPECT_EQ(std::exp2(std::rint(std::log2(factor))), factor) << "a power of two";
  EXPECT_LE(std::abs(std::int64_t{linear.bias[0]}), std::int64_t{1} << 30);
  EXPECT_GT(std::abs(std::int64_t{linear.bias[0]}), std::int64_t{1} << 29) << "and no larger";
  EXPECT_EQ(linear.codes[0], quantize(weights[0], linear.weight_scale[0], 0, spec.grid()));
  EXPECT_NEAR(linear.bias[0] * linear.accumulator_scale[0], 3.0, 1e-8);
  EXPECT_EQ(linear.accumulator_scale[0],
            static_cast<double>(input.scale) * static_cast<double>(linear.weight_scale[0]));
}

TEST(IntegerLinear, RefusesASumThatCanPassInt32) {
  const std::size_t taps = 70000;  // 70000 * 127 * 255 > 2^31
  const std::vector<float> weights(taps, 1.0f);
  const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true};
  const LinearLayer layer{
      weights, 1, static_cast<std::int64_t>(taps), spec, choose(weights, 1, spec), {}, {}};
  expect_error(ErrorCode::kUnsupported, {"conv7", "channel 0", "2147483647"},
               [&] { make_integer_linear(layer, {{0, 255, false}, 0.1f, 0}, "conv7"); });
  EXPECT_NO_THROW(make_integer_linear(layer, {{0, 15, false}, 0.1f, 0}, "conv7"));
}

TEST(IntegerLinear, KeepsOnlyTheOffsetOfASilentChannel) {
  const std::vector<float> weights = {0.3f, -0.4f, 0.5f, 0.3f, -0.4f, 0.5f};
  const std::vector<float> gain = {0.0f, 0.0f};
  const std::vector<float> offset = {1.7f, 0.0f};
  TestRandom random;
  for (const auto& spec : all_specs()) {
    const LinearLayer layer{weights, 2, 3, spec, choose(weights, 2, spec), gain, offset};
    const ActivationQuantizer input{{0, 255, false}, 0.1f, 9};
    const IntegerLinear linear = make_integer_linear(layer, input, "conv1");
    // What is stored in the file must mean the same.
    IntegerLinear stored = linear;
    unpack_codes(pack_codes(linear.codes, spec.bits, spec.grid()), spec.bits, spec.grid(),
                 stored.codes);
    EXPECT_EQ(stored.codes, linear.codes) << describe(spec);
    for (std::size_t c = 0; c < 2; ++c) {
      const auto codes = random.integers(3, 0, 255);
      const double real =
          static_cast<double>(accumulate(stored, c, 3, codes, 9)) * linear.accumulator_scale[c];
      EXPECT_NEAR(real, static_cast<double>(offset[c]), 2e-6) << describe(spec);
    }
  }
}

TEST(IntegerLinear, FollowsANegativeGain) {
  const std::vector<float> weights = {1.0f, -1.0f};
  const std::vector<float> gain = {-2.0f};
  const std::vector<float> offset = {1.0f};
  const QuantizerSpec spec{.bits = 2, .is_signed = true, .symmetric = true, .narrow_range = true};
  const LinearLayer layer{weights, 1, 2, spec, choose(weights, 1, spec), gain, offset};
  const IntegerLinear linear = make_integer_linear(layer, {{0, 3, false}, 0.5f, 0}, "conv1");
  EXPECT_EQ(linear.accumulator_scale[0], -1.0);
  EXPECT_EQ(linear.bias[0], -1);
  EXPECT_EQ(linear.codes, (std::vector<std::int32_t>{1, -1}));
}

// numerics.md (8): the product with the gain is rounded to a float before it meets the input's
// scale.
TEST(IntegerLinear, RoundsAWeightScaleWithItsGainToAFloat) {
  TestRandom random;
  int rounded = 0;
  for (int i = 0; i < 200; ++i) {
    const std::vector<float> weights = {1.0f};
    const std::vector<float> gain = {random.floats(1, 0.5f, 2.0f)[0]};
    const float scale = random.floats(1, 0.01f, 0.02f)[0];
    const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true};
    const LinearLayer layer{weights, 1, 1, spec, {{scale}, {0}}, gain, {}};
    const IntegerLinear linear = make_integer_linear(layer, {{0, 255, false}, 0.1f, 0}, "conv1");
    EXPECT_EQ(linear.step[0], scale * gain[0]);
    EXPECT_EQ(linear.accumulator_scale[0], static_cast<double>(0.1f) * (scale * gain[0]));
    rounded +=
        linear.accumulator_scale[0] !=
        static_cast<double>(0.1f) * static_cast<double>(scale) * static_cast<double>(gain[0]);
  }
  EXPECT_GT(rounded, 100);
}

TEST(IntegerLinear, TakesABiasOfIntegersAsItIs) {
  const std::vector<float> weights = {1e-6f, -1e-6f};
  const std::vector<std::int32_t> bias = {(1 << 30) + 12345};  // neither a float nor below 2^30
  const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true};
  const QuantizationParameters parameters{{1e-8f}, {0}};
  LinearLayer layer{weights, 1, 2, spec, parameters, {}, {}, bias};
  const ActivationQuantizer input{{0, 255, false}, 1e-4f, 0};
  const IntegerLinear linear = make_integer_linear(layer, input, "fc");
  EXPECT_EQ(linear.bias, bias);
  EXPECT_EQ(linear.weight_scale[0], parameters.scale[0]) << "no scale is enlarged";
  const std::vector<float> offset = {1.0f};
  layer.offset = offset;
  EXPECT_THROW(make_integer_linear(layer, input, "fc"), LogicError);
  const std::vector<std::int32_t> past = {2147483647};
  const LinearLayer full{weights, 1, 2, spec, parameters, {}, {}, past};
  expect_error(ErrorCode::kUnsupported, {"fc", "accumulator"},
               [&] { make_integer_linear(full, input, "fc"); });
}

TEST(IntegerLinear, RefusesWhatIsNotFinite) {
  const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true};
  const QuantizationParameters parameters{{0.01f}, {0}};
  const ActivationQuantizer input{{0, 255, false}, 0.1f, 0};
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (int place = 0; place < 3; ++place) {
      std::vector<float> numbers = {1.0f, 1.0f, 1.0f};
      numbers[static_cast<std::size_t>(place)] = bad;
      const auto all = std::span<const float>(numbers);
      const LinearLayer layer{all.subspan(0, 1), 1, 1, spec, parameters, all.subspan(1, 1),
                              all.subspan(2, 1)};
      expect_error(ErrorCode::kUnsupported, {"conv1", "channel 0", "not a finite number"},
                   [&] { make_integer_linear(layer, input, "conv1"); });
    }
  }
}

TEST(IntegerLinear, RefusesABiasThatNoScaleHolds) {
  const std::vector<float> numbers = {1.0f, 1e-30f, 3e38f};
  const auto all = std::span<const float>(numbers);
  const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true};
  const LinearLayer layer{all.subspan(0, 1), 1, 1, spec, {{0.01f}, {0}}, all.subspan(1, 1),
                          all.subspan(2, 1)};
  expect_error(ErrorCode::kUnsupported, {"conv1", "channel 0", "bias"},
               [&] { make_integer_linear(layer, {{0, 255, false}, 0x1p-100f, 0}, "conv1"); });
}

TEST(IntegerLinear, ChecksThatItsPartsFitTogether) {
  const std::vector<float> weights(6, 1.0f);
  const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true};
  const ActivationQuantizer input{{0, 255, false}, 0.1f, 0};
  const QuantizationParameters one{{1.0f}, {0}};
  const std::vector<float> three(3, 1.0f);
  EXPECT_THROW(make_integer_linear({weights, 2, 4, spec, one, {}, {}}, input, "x"), LogicError);
  EXPECT_THROW(make_integer_linear({weights, 2, 3, spec, {}, {}, {}}, input, "x"), LogicError);
  EXPECT_THROW(make_integer_linear({weights, 2, 3, spec, one, three, {}}, input, "x"), LogicError);
  EXPECT_THROW(make_integer_linear({weights, 2, 3, spec, one, {}, three}, input, "x"), LogicError);
  EXPECT_NO_THROW(make_integer_linear({weights, 2, 3, spec, one, {}, {}}, input, "x"));
}

}  // namespace
}  // namespace gradus
