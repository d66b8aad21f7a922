// Random numbers for tests: the same on every run, different with GRADUS_TEST_SEED=<number>; a test
// that fails says how to run it again.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "gradus/base/rng.h"

namespace gradus::testing_support {

// The seed of this run: GRADUS_TEST_SEED, else 1.
inline std::uint64_t test_seed() {
  const char* text = std::getenv("GRADUS_TEST_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// An Rng that puts the seed beside every failure while it lives.
//   TestRandom random;
//   const auto x = random.floats(64, -1.0f, 1.0f);
class TestRandom {
 public:
  explicit TestRandom(std::uint64_t stream = 0)
      : rng_(test_seed(), stream),
        trace_(__FILE__, __LINE__,
               "run again with GRADUS_TEST_SEED=" + std::to_string(test_seed())) {}

  Rng& rng() { return rng_; }
  // Uniform in [low, high], both included.
  std::int32_t integer(std::int32_t low, std::int32_t high) {
    const auto span = static_cast<std::uint64_t>(std::int64_t{high} - low) + 1;
    return static_cast<std::int32_t>(low + static_cast<std::int64_t>(rng_.below(span)));
  }
  // Any int32, the small ones, the powers of two and the ends often.
  std::int32_t any_int32() {
    const auto bits = static_cast<std::uint32_t>(rng_.next());
    switch (rng_.below(8)) {
      case 0:
        return integer(-16, 16);
      case 1:
        return static_cast<std::int32_t>((1u << rng_.below(32)) + bits % 3 - 1);
      case 2:
        return static_cast<std::int32_t>(0x80000000u + bits % 3 - 1);
      default:
        return static_cast<std::int32_t>(bits);
    }
  }
  std::vector<std::int32_t> integers(std::size_t count, std::int32_t low, std::int32_t high) {
    std::vector<std::int32_t> values(count);
    for (auto& value : values) value = integer(low, high);
    return values;
  }
  std::vector<float> floats(std::size_t count, float low, float high) {
    std::vector<float> values(count);
    for (auto& value : values) value = rng_.uniform(low, high);
    return values;
  }
  std::vector<float> normals(std::size_t count, float scale = 1.0f) {
    std::vector<float> values(count);
    for (auto& value : values) value = scale * rng_.normal();
    return values;
  }

 private:
  Rng rng_;
  ::testing::ScopedTrace trace_;
};

}  // namespace gradus::testing_support
