#include "gradus/quant/integer_rescale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace gradus {
namespace {

constexpr Profile kProfiles[] = {Profile::kIeee32, Profile::kFixed31};

TEST(IntegerRescale, BetweenEqualQuantizersOnlyClamps) {
  for (float scale : {0x1p-100f, 0.1f, 1.0f, 3.7f, 1e20f}) {
    const ActivationQuantizer q{{-128, 127, false}, scale, -5};
    for (Profile profile : kProfiles) {
      const auto rescale = make_integer_rescale(profile, q, q, -5, 100);
      for (std::int32_t code = -128; code <= 127; ++code) {
        ASSERT_EQ(rescale(code), std::clamp(code, -5, 100)) << profile_name(profile) << scale;
      }
    }
  }
}

TEST(IntegerRescale, IsTheWrittenIeeeFormula) {
  const ActivationQuantizer input{{0, 255, false}, 0.37f, 31};
  const ActivationQuantizer output{{0, 15, false}, 2.9f, 3};
  const auto rescale = make_integer_rescale(Profile::kIeee32, input, output, 0, 15);
  for (std::int32_t code = 0; code <= 255; ++code) {
    const float multiplier = input.scale / output.scale;  // (20), (10), (11)
    const float product = static_cast<float>(code - 31) * multiplier;
    const int expected = static_cast<int>(std::rint(product)) + 3;
    ASSERT_EQ(rescale(code), std::clamp(expected, 0, 15)) << code;
  }
}

TEST(IntegerRescale, IsWithinOneCodeOfTheReal) {
  const ActivationQuantizer input{{-8, 7, false}, 0.37f, 2};
  const ActivationQuantizer output{{0, 255, false}, 0.021f, 90};
  for (Profile profile : kProfiles) {
    const auto rescale = make_integer_rescale(profile, input, output, 0, 255);
    for (std::int32_t code = -8; code <= 7; ++code) {
      const float real = dequantize(code, input.scale, input.zero_point);
      EXPECT_LE(std::abs(rescale(code) - quantize(real, output.scale, 90, output.grid)), 1);
    }
  }
}

}  // namespace
}  // namespace gradus
