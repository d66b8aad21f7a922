#include "gradus/train/code_loops.h"

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::TestRandom;

constexpr Profile kProfiles[] = {Profile::kIeee32, Profile::kFixed31};

Requantizer random_requantizer(TestRandom& random, Profile profile, std::size_t channels) {
  std::vector<double> scales;
  for (std::size_t c = 0; c < channels; ++c) {
    const double sign = random.integer(0, 4) == 0 ? -1.0 : 1.0;
    scales.push_back(sign * static_cast<double>(random.rng().uniform(1e-7f, 1e-2f)));
  }
  const std::int32_t zero_point = random.integer(0, 15);
  return make_requantizer(profile, scales, 0.1f, zero_point, random.integer(0, zero_point), 15);
}

// Sums that lie on and near the borders between two codes too.
std::vector<std::int32_t> random_sums(TestRandom& random, std::size_t count) {
  std::vector<std::int32_t> sums(count);
  for (auto& sum : sums)
    sum = random.integer(-(1 << 24) + 1, (1 << 24) - 1) >> random.integer(0, 20);
  return sums;
}

TEST(RequantizeRows, EqualsTheRequantizerForEverySum) {
  TestRandom random;
  for (Profile profile : kProfiles) {
    for (std::size_t channels : {1u, 3u, 16u, 17u, 64u}) {
      const std::size_t rows = 37;
      const Requantizer requantizer = random_requantizer(random, profile, channels);
      const auto sums = random_sums(random, rows * channels);
      const auto bias = random.integers(channels, -(1 << 28), 1 << 28);
      std::vector<float> narrow(sums.begin(), sums.end());
      std::vector<double> wide(sums.begin(), sums.end());
      std::vector<float> from_double(narrow.size());
      requantize_rows(wide.data(), bias.data(), from_double.data(), rows, channels, requantizer);
      requantize_rows(narrow.data(), bias.data(), narrow.data(), rows, channels, requantizer);
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::size_t c = i % channels;
        const auto expected =
            static_cast<float>(requantizer(sums[i] + bias[c], c) - requantizer.zero_point);
        ASSERT_EQ(narrow[i], expected) << profile_name(profile) << " " << sums[i] + bias[c];
        ASSERT_EQ(from_double[i], expected);
      }
    }
  }
}

TEST(RequantizeAll, EqualsTheRequantizerForOneEntry) {
  TestRandom random;
  for (Profile profile : kProfiles) {
    const Requantizer requantizer = random_requantizer(random, profile, 9);
    const auto sums = random_sums(random, 1000);
    const std::vector<float> acc(sums.begin(), sums.end());
    std::vector<float> q(acc.size());
    requantize_all(acc.data(), q.data(), std::ssize(q), requantizer, 5);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      ASSERT_EQ(q[i], static_cast<float>(requantizer(sums[i], 5) - requantizer.zero_point));
    }
  }
}

TEST(ScaleRows, RoundsTheSumThenTheProductAndClamps) {
  TestRandom random;
  const auto sums = random_sums(random, 3 * 20);
  const std::vector<double> acc(sums.begin(), sums.end());
  const std::vector<std::int32_t> bias = {1 << 29, -5, 0};
  const std::vector<float> unit = {1e-5f, -2e-4f, 0.3f};
  std::vector<float> y(acc.size());
  scale_rows(acc.data(), bias.data(), y.data(), 20, 3, unit.data(), -50.0f, 6000.0f);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const float real = static_cast<float>(sums[i] + bias[i % 3]) * unit[i % 3];
    ASSERT_EQ(y[i], std::min(std::max(real, -50.0f), 6000.0f));
  }
}

TEST(AddCodes, EqualsIntegerAddForEveryPair) {
  for (Profile profile : kProfiles) {
    const ActivationQuantizer a{{0, 15, false}, 0.11f, 3};
    const ActivationQuantizer b{{-128, 127, false}, 0.013f, -7};
    const ActivationQuantizer out{{0, 255, false}, 0.017f, 120};
    const IntegerAdd add = make_integer_add(profile, a, b, out, 120, 255);
    for (std::int32_t x = 0; x <= 15; ++x) {
      std::vector<float> left(256, static_cast<float>(x - 3));
      std::vector<float> right;
      for (std::int32_t y = -128; y <= 127; ++y) right.push_back(static_cast<float>(y + 7));
      std::vector<float> q(256);
      add_codes(left.data(), right.data(), q.data(), 256, add);
      for (std::int32_t y = -128; y <= 127; ++y) {
        ASSERT_EQ(q[static_cast<std::size_t>(y + 128)], static_cast<float>(add(x, y) - 120));
      }
    }
  }
}

TEST(QuantizeAll, EqualsQuantize) {
  TestRandom random;
  for (const Grid grid : {Grid{0, 255, false}, Grid{-8, 7, false}, Grid{-1, 1, true}}) {
    auto x = random.normals(999, 5.0f);
    x[0] = INFINITY;
    x[1] = -INFINITY;
    std::vector<float> q(x.size());
    quantize_all(x.data(), q.data(), std::ssize(x), 0.07f, grid.binary ? 0 : 3, grid);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::int32_t zero_point = grid.binary ? 0 : 3;
      ASSERT_EQ(q[i], static_cast<float>(quantize(x[i], 0.07f, zero_point, grid) - zero_point));
    }
  }
}

}  // namespace
}  // namespace gradus
