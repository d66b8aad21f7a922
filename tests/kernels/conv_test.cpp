#include "gradus/kernels/conv/conv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/kernels/conv_layer.h"

namespace gradus::kernels {

// For GoogleTest.
static void PrintTo(const ConvKernel& kernel, std::ostream* out) { *out << kernel.name; }

namespace {

struct Geometry {
  std::int32_t kernel = 1, stride = 1, dilation = 1, pad = 0;
};

ConvShape square(std::int32_t size, std::int32_t in, std::int32_t out, Geometry g = {},
                 std::int32_t groups = 1) {
  ConvShape s;
  s.in_height = s.in_width = size;
  s.in_channels = in;
  s.out_channels = out;
  s.kernel_h = s.kernel_w = g.kernel;
  s.stride_h = s.stride_w = g.stride;
  s.dilation_h = s.dilation_w = g.dilation;
  s.pad_top = s.pad_left = g.pad;
  s.groups = groups;
  s.out_height = s.out_width = (size + 2 * g.pad - (g.kernel - 1) * g.dilation - 1) / g.stride + 1;
  return s;
}

// Whether a kernel takes only depthwise layers: the tests of other layers skip it, visibly.
bool depthwise_only(const ConvKernel& kernel) {
  const ConvProblem ordinary{square(4, 4, 4), 1, {}, 0, 0};
  return kernel.unsupported(ordinary) != nullptr;
}

class Conv : public testing::TestWithParam<ConvKernel> {
 protected:
  void SetUp() override {
    if (!isa_supported(GetParam().isa)) {
      GTEST_SKIP() << "this CPU cannot run " << isa_name(GetParam().isa);
    }
  }
  // Runs the case if the kernel supports it; whether it did. Only the tests of depthwise layers ask
  // depthwise kernels.
  bool run(const ConvCase& c, std::int64_t shares = 1) {
    ConvLayer layer(c, c.seed % 2 == 0 ? Guarded::Side::kBegin : Guarded::Side::kEnd);
    if (GetParam().unsupported(layer.problem()) != nullptr) {
      return !c.shape.depthwise() && depthwise_only(GetParam());
    }
    layer.check(GetParam(), std::min(shares, layer.items(GetParam())));
    return true;
  }
};

TEST_P(Conv, EqualsTheSumForEveryNumberOfChannels) {
  std::uint32_t seed = 1;
  for (std::int32_t in : {1, 2, 3, 4, 5, 8, 16, 17, 64, 65}) {
    for (std::int32_t out : {1, 8, 9, 10, 16, 17, 31, 32, 33, 64, 100}) {
      for (std::int32_t kernel : {1, 3}) {
        ConvCase c{.shape = square(5, in, out, {kernel, 1, 1, kernel / 2}), .seed = ++seed};
        c.input_max = 63;
        c.weight_min = -128;
        run(c);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(Conv, EqualsTheSumForEveryWidth) {
  for (std::int32_t width = 1; width <= 34; ++width) {
    for (std::int32_t height : {1, 2, 3, 7}) {
      ConvCase c{.shape = square(7, 6, 20, {3, 1, 1, 1}),
                 .seed = static_cast<std::uint32_t>(width)};
      c.shape.in_width = c.shape.out_width = width;
      c.shape.in_height = c.shape.out_height = height;
      c.input_max = 100;
      run(c);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Conv, EqualsTheSumForEveryGeometry) {
  std::uint32_t seed = 1;
  for (std::int32_t kernel : {1, 2, 3, 5, 7}) {
    for (std::int32_t stride : {1, 2, 3}) {
      for (std::int32_t dilation : {1, 2}) {
        for (std::int32_t in : {3, 8, 18}) {
          const std::int32_t pad = (kernel - 1) * dilation / 2;
          ConvCase c{.shape = square(15, in, 19, {kernel, stride, dilation, pad}), .seed = ++seed};
          c.input_max = 15;
          run(c);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(Conv, TakesDifferentNumbersAlongHeightAndWidth) {
  ConvCase c{.shape = square(12, 7, 40)};
  ConvShape& s = c.shape;
  s.in_width = 17;
  s.kernel_h = 2;
  s.kernel_w = 5;
  s.stride_h = 3;
  s.stride_w = 2;
  s.dilation_h = 2;
  s.pad_top = 2;
  s.pad_left = 1;
  s.out_height = 5;  // the last rows and columns need a halo that the padding before them has not
  s.out_width = 9;
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    c.profile = profile;
    c.input_max = 31;
    EXPECT_TRUE(run(c));
  }
}

TEST_P(Conv, AddsUpGroups) {
  struct Groups {
    std::int32_t groups, in, out;
  };
  for (const Groups& g : {Groups{2, 8, 8}, {4, 12, 20}, {3, 15, 105}, {8, 8, 16}, {5, 15, 5}}) {
    for (std::int32_t kernel : {1, 3}) {
      ConvCase c{.shape = square(9, g.in, g.out, {kernel, 1, 1, kernel / 2}, g.groups)};
      c.input_max = 63;
      EXPECT_TRUE(run(c));
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Conv, AddsUpDepthwise) {
  bool supported = true;
  for (std::int32_t channels : {1, 3, 8, 15, 16, 17, 31, 32, 33, 64, 100}) {
    for (Geometry g : {Geometry{3, 1, 1, 1},
                       {3, 2, 1, 1},
                       {5, 1, 1, 2},
                       {3, 1, 2, 2},
                       {2, 1, 1, 0},
                       {1, 1, 1, 0},
                       {7, 2, 1, 3}}) {
      if (channels == 1) continue;  // one group is an ordinary convolution
      ConvCase c{.shape = square(13, channels, channels, g, channels),
                 .batch = 2,
                 .weight_min = -255,
                 .weight_max = 255,
                 .seed = static_cast<std::uint32_t>(channels)};
      supported = run(c, 3) && supported;
      if (HasFatalFailure()) return;
    }
  }
  if (!supported) GTEST_SKIP() << "not a depthwise kernel";
}

TEST_P(Conv, NeverSaturates) {
  struct Range {
    std::int32_t input_max, weight_min, weight_max;
  };
  for (const Range& r : {Range{255, -128, 127},
                         {255, -64, 64},
                         {128, -128, 127},
                         {127, -128, 127},
                         {255, -255, 255},
                         {1, -255, 255},
                         {3, -1, 1},
                         {15, -8, 7}}) {
    for (std::int32_t in : {4, 7, 64}) {
      for (std::int32_t groups : {1, in}) {
        ConvCase c{.shape = square(6, in, groups == 1 ? 24 : in, {3, 1, 1, 1}, groups),
                   .extreme = true};
        c.input_max = r.input_max;
        c.weight_min = r.weight_min;
        c.weight_max = r.weight_max;
        c.floats = true;
        run(c);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(Conv, TakesEveryInputMaximum) {
  for (std::int32_t max : {1, 3, 7, 15, 31, 63, 127, 255}) {
    ConvCase c{.shape = square(5, 12, 12, {3, 1, 1, 1})};
    c.input_max = max;
    c.weight_min = -32767 / (2 * max) < -127 ? -127 : -32767 / (2 * max);
    c.weight_max = -c.weight_min;
    EXPECT_TRUE(run(c)) << max;
  }
}

TEST_P(Conv, GivesTheSameForEverySplitOfTheWork) {
  for (std::int64_t shares : {1, 2, 3, 5, 16, 1000}) {
    ConvCase c{.shape = square(16, 20, 100, {3, 1, 1, 1}), .batch = 3};
    c.input_max = 31;
    EXPECT_TRUE(run(c, shares));
    // Weights beyond a cache: items go channels first.
    ConvCase big{.shape = square(7, 256, 150, {3, 1, 1, 1}), .batch = 2};
    big.input_max = 31;
    EXPECT_TRUE(run(big, shares));
    if (HasFatalFailure()) return;
  }
}

TEST_P(Conv, ComputesFullyConnectedLayersOfAnyBatch) {
  for (std::int32_t batch : {1, 2, 3, 4, 7, 13, 14, 15, 28, 31}) {
    for (bool floats : {false, true}) {
      ConvCase c{.shape = square(1, 65, 100), .batch = batch};
      c.floats = floats;
      c.input_max = 127;
      EXPECT_TRUE(run(c, batch % 3 + 1));
      // A window as large as the image is not the same thing.
      ConvCase window{.shape = square(3, 9, 20, {3, 1, 1, 0}), .batch = batch};
      window.input_max = 127;
      EXPECT_TRUE(run(window));
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Conv, WritesNothingPastItsChannels) {
  for (std::int32_t spare : {1, 28}) {
    ConvCase c{.shape = square(9, 8, 36, {3, 1, 1, 1}), .spare_channels = spare};
    c.input_max = 31;
    EXPECT_TRUE(run(c));
  }
}

TEST_P(Conv, ClampsNarrowly) {
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    ConvCase c{
        .shape = square(8, 8, 16, {3, 1, 1, 1}), .profile = profile, .low = 100, .high = 115};
    c.input_max = 15;
    EXPECT_TRUE(run(c));
  }
}

TEST_P(Conv, TakesPixelsWiderThanItsChannels) {
  // As in a slice of a concatenation: the view's channels are a part of each pixel.
  for (std::int32_t kernel : {1, 3}) {
    ConvCase c{.shape = square(9, 8, 24, {kernel, 1, 1, kernel / 2}), .spare_input = 20};
    c.input_max = 31;
    EXPECT_TRUE(run(c));
  }
}

INSTANTIATE_TEST_SUITE_P(AllKernels, Conv,
                         testing::ValuesIn(conv_kernels().begin(), conv_kernels().end()),
                         [](const auto& kernel) { return std::string(kernel.param.name); });

TEST(SelectConv, TakesTheFirstKernelThatSupportsTheProblem) {
  const std::vector<std::int16_t> weights(8 * 8, 127);
  ConvProblem p{square(4, 8, 8), 255, weights, 127, 127};
  EXPECT_STREQ(select_conv(p, Isa::kScalar).name, "conv_scalar");
#if defined(__x86_64__)
  EXPECT_STREQ(select_conv(p, Isa::kAvx512Vnni).name, "conv_u8s8_avx512vnni");
  EXPECT_STREQ(select_conv(p, Isa::kAvx2).name, "conv_u8s16_avx2");
  p.input_max = 127;
  EXPECT_STREQ(select_conv(p, Isa::kAvx2).name, "conv_u8s8_pairs_avx2");
#endif
}

#if defined(__x86_64__)
TEST(SelectConv, ProvesFromTheWeightsThatNoPairPassesInt16) {
  const auto kernel_for = [](std::int16_t a, std::int16_t b, std::int32_t input_max) {
    const std::vector<std::int16_t> weights = {0, 0, 0, 0, 0, 0, a, b};
    const ConvProblem p{square(1, 4, 2), input_max, weights, std::min(a, b), std::max(a, b)};
    return std::string(select_conv(p, Isa::kAvx2).name);
  };
  EXPECT_EQ(kernel_for(64, 64, 255), "conv_u8s8_pairs_avx2");
  EXPECT_EQ(kernel_for(64, 65, 255), "conv_u8s16_avx2");
  EXPECT_EQ(kernel_for(-64, -64, 255), "conv_u8s8_pairs_avx2");
  EXPECT_EQ(kernel_for(-64, -65, 255), "conv_u8s16_avx2");
  EXPECT_EQ(kernel_for(127, -128, 255), "conv_u8s8_pairs_avx2");  // products of both signs
  EXPECT_EQ(kernel_for(-128, -128, 128), "conv_u8s8_pairs_avx2");
  EXPECT_EQ(kernel_for(128, 0, 1), "conv_u8s16_avx2");
}
#endif

TEST(ConvKernels, HaveDifferentNamesAndEndWithTheScalarOne) {
  std::vector<std::string> names;
  for (const ConvKernel& k : conv_kernels()) names.push_back(k.name);
  EXPECT_EQ(names.back(), "conv_scalar");
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace gradus::kernels
