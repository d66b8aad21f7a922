#include "gradus/kernels/output_stage/output_stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/kernels/guarded.h"

namespace gradus::kernels {

static void PrintTo(const OutputStageKernel& kernel, std::ostream* out) { *out << kernel.name; }

namespace {

constexpr std::int32_t kMin32 = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMax32 = std::numeric_limits<std::int32_t>::max();

// Accumulators at every edge of int32, around zero and around ties.
std::vector<std::int32_t> accumulators(std::size_t count, std::mt19937& random) {
  std::vector<std::int32_t> acc = {0,
                                   1,
                                   -1,
                                   2,
                                   -2,
                                   3,
                                   -3,
                                   kMin32,
                                   kMax32,
                                   kMin32 + 1,
                                   kMax32 - 1,
                                   1 << 24,
                                   -(1 << 24) - 1,
                                   (1 << 24) + 1,
                                   1 << 30,
                                   -(1 << 30)};
  while (acc.size() < count) {
    const int bits = static_cast<int>(random() % 32);
    acc.push_back(static_cast<std::int32_t>(random()) >> bits);
  }
  acc.resize(count);
  return acc;
}

// Multipliers from far below to far above what networks have; halves make ties.
std::vector<double> multipliers(std::size_t count, std::mt19937& random) {
  std::vector<double> result = {0.5, 0.25, 1.0, 2.0, 0x1p-31, 0x1p30, 0.0, 0.75, 1.5, 0x1p-10};
  while (result.size() < count) {
    const int exponent = static_cast<int>(random() % 62) - 31;
    result.push_back(std::ldexp(1.0 + static_cast<double>(random() % 1000) / 1000.0, exponent));
  }
  result.resize(count);
  return result;
}

struct Limits {
  std::int32_t zero_point, low, high;
};

class OutputStage : public testing::TestWithParam<OutputStageKernel> {
 protected:
  void SetUp() override {
    if (!isa_supported(GetParam().isa)) {
      GTEST_SKIP() << "this CPU cannot run " << isa_name(GetParam().isa);
    }
  }

  // Compares `pixels` x `count` outputs, channels from `channel` on, with the quant library's.
  void check(Profile profile, std::int32_t count, std::int32_t pixels, std::int32_t channel,
             const Limits& limits) {
    std::mt19937 random(static_cast<std::uint32_t>(count * 31 + pixels));
    const auto channels = static_cast<std::size_t>((channel + count + 63) / 64 * 64);
    const std::vector<double> real = multipliers(channels, random);
    std::vector<float> multiplier;
    std::vector<FixedMultiplier> fixed;
    for (double m : real) {
      multiplier.push_back(static_cast<float>(m));
      fixed.push_back(fixed_multiplier(m));
    }
    const std::int32_t acc_step = count + 3;
    const std::int32_t out_step = count + 2;
    const auto total = static_cast<std::size_t>((pixels - 1) * acc_step + count);
    const std::vector<std::int32_t> values = accumulators(total, random);
    Guarded acc(total * 4);
    std::copy(values.begin(), values.end(), acc.as<std::int32_t>());
    const auto out_bytes = static_cast<std::size_t>((pixels - 1) * out_step + count);
    Guarded out(out_bytes);
    std::fill_n(out.as<std::uint8_t>(), out_bytes, std::uint8_t{0xcc});
    OutputStageParams p;
    p.profile = profile;
    p.multiplier = multiplier.data();
    p.fixed = fixed.data();
    p.zero_point = limits.zero_point;
    p.low = limits.low;
    p.high = limits.high;
    GetParam().run(p, {acc.as<std::int32_t>(), acc_step, pixels, channel, count,
                       out.as<std::uint8_t>(), out_step});
    const Requantizer expected{profile,           multiplier, fixed,
                               limits.zero_point, limits.low, limits.high};
    for (std::int32_t i = 0; i < pixels; ++i) {
      for (std::int32_t c = 0; c < out_step && i * out_step + c < static_cast<int>(out_bytes);
           ++c) {
        const auto at = static_cast<std::size_t>(i * acc_step + c);
        const int got = out.as<std::uint8_t>()[i * out_step + c];
        const int want =
            c < count ? expected(values[at], static_cast<std::size_t>(channel + c)) : 0xcc;
        ASSERT_EQ(got, want) << "count " << count << " pixel " << i << " channel " << c << " acc "
                             << values[at] << " multiplier "
                             << real[static_cast<std::size_t>(channel + c)];
      }
    }
  }
};

TEST_P(OutputStage, EqualsTheRequantizerForEveryCount) {
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    for (std::int32_t count : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100}) {
      for (std::int32_t pixels : {1, 2, 7, 14}) {
        check(profile, count, pixels, 0, {128, 0, 255});
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(OutputStage, EqualsTheRequantizerForEveryClamp) {
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    for (const Limits& limits : {Limits{0, 0, 255},
                                 {255, 0, 255},
                                 {0, 0, 1},
                                 {1, 0, 1},
                                 {7, 7, 15},
                                 {128, 128, 128},
                                 {3, 5, 9},
                                 {200, 0, 100}}) {
      for (std::int32_t channel : {0, 5, 32}) {
        check(profile, 48, 40, channel, limits);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(OutputStage, GivesClampedFloats) {
  std::mt19937 random(1);
  for (std::int32_t count : {1, 7, 8, 16, 19, 33}) {
    const auto size = static_cast<std::size_t>(count);
    const std::vector<std::int32_t> acc = accumulators(size, random);
    std::vector<float> scale(64);
    for (float& s : scale) s = static_cast<float>(random() % 1000 + 1) * 1e-6f;
    Guarded out(size * 4);
    OutputStageParams p;
    p.kind = OutputKind::kFloat;
    p.multiplier = scale.data();
    for (bool clamp : {false, true}) {
      p.float_low = clamp ? 0.0f : -std::numeric_limits<float>::infinity();
      p.float_high = clamp ? 6.0f : std::numeric_limits<float>::infinity();
      GetParam().run(p, {acc.data(), count, 1, 0, count, out.as<float>(), count});
      for (std::size_t i = 0; i < size; ++i) {
        const float real = static_cast<float>(acc[i]) * scale[i];
        ASSERT_EQ(out.as<float>()[i], std::min(std::max(real, p.float_low), p.float_high));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllKernels, OutputStage,
                         testing::ValuesIn(output_stage_kernels().begin(),
                                           output_stage_kernels().end()),
                         [](const auto& kernel) { return std::string(kernel.param.name); });

TEST(SelectOutputStage, TakesNoKernelBeyondTheInstructionSet) {
  EXPECT_STREQ(select_output_stage(Isa::kScalar).name, "output_stage_scalar");
  for (Isa isa : all_isas()) EXPECT_LE(select_output_stage(isa).isa, isa);
}

}  // namespace
}  // namespace gradus::kernels
