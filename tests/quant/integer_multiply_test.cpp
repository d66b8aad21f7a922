#include "gradus/quant/integer_multiply.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gradus/quant/activation_table.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

constexpr Grid kByte{0, 255, false};
constexpr Grid kSigned{-8, 7, false};

TEST(IntegerMultiply, RoundsTheProductOfTheRealsForEveryPairOfCodes) {
  const ActivationQuantizer a{kByte, 0.25f, 100};
  const ActivationQuantizer b{kByte, 0.5f, 7};
  const ActivationQuantizer y{kByte, 4.0f, 50};
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const IntegerMultiply multiply = make_integer_multiply(profile, a, b, y, 3, 200);
    for (std::int32_t i = 0; i < 256; ++i) {
      for (std::int32_t j = 0; j < 256; ++j) {
        // Powers of two: the quotient is exact, and a tie goes to even in ieee32.
        const std::int32_t product = (i - 100) * (j - 7);
        const double rounded = profile == Profile::kIeee32
                                   ? std::nearbyint(product / 32.0)
                                   : multiply_by_fixed(product, fixed_multiplier(1 / 32.0));
        ASSERT_EQ(multiply(i, j), std::clamp(static_cast<std::int32_t>(rounded) + 50, 3, 200))
            << i << " * " << j << " " << profile_name(profile);
      }
    }
  }
}

TEST(IntegerMultiply, RefusesAnOutputScaleThatIsTooSmall) {
  expect_error(ErrorCode::kUnsupported, {"multiplier"}, [] {
    make_integer_multiply(Profile::kIeee32, {kByte, 1e30f, 0}, {kByte, 1e30f, 0},
                          {kByte, 1e-30f, 0}, 0, 255);
  });
}

TEST(ActivationTable, RoundsTheResultOfEveryCode) {
  const ActivationQuantizer in{kSigned, 0.5f, -2};
  const ActivationQuantizer out{kByte, 0.25f, 10};
  std::vector<float> results = reals_of_codes(in);
  ASSERT_EQ(results.size(), 16u);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(results[i], 0.5f * static_cast<float>(static_cast<int>(i) - 8 + 2));
    results[i] *= results[i] / 4;
  }
  const auto table = activation_table(results, out, 10, 31, "square");
  for (std::int32_t code = -8; code <= 7; ++code) {
    const double real = 0.5 * (code + 2);
    const double steps = std::nearbyint(real * real);  // / 4 / 0.25
    EXPECT_EQ(table[static_cast<std::size_t>(code + 8)],
              std::clamp(static_cast<std::int32_t>(steps) + 10, 10, 31));
  }
}

TEST(ActivationTable, SaturatesInfinityAndRefusesWhatIsNoNumber) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const ActivationQuantizer q{kByte, 1.0f, 3};
  const std::vector<float> ends = {-kInfinity, 0.4f, kInfinity};
  EXPECT_EQ(activation_table(ends, q, 0, 255, "r"), (std::vector<std::int32_t>{0, 3, 255}));
  const std::vector<float> none = {std::sqrt(-1.0f)};
  expect_error(ErrorCode::kUnsupported, {"node 'n': is not a number"},
               [&] { activation_table(none, q, 0, 255, "node 'n'"); });
}

}  // namespace
}  // namespace gradus
