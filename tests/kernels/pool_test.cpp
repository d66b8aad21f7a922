#include "gradus/kernels/pool/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gradus/quant/integer_pool.h"
#include "tests/kernels/activations.h"

namespace gradus::kernels {

static void PrintTo(const MaxPoolKernel& kernel, std::ostream* out) { *out << kernel.name; }
static void PrintTo(const AveragePoolKernel& kernel, std::ostream* out) { *out << kernel.name; }

namespace {

struct Case {
  std::int32_t height, width;
  PoolShape shape;
  std::int32_t out_height, out_width;
};

// kernel, stride, dilation, then padding top left bottom right.
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {8, 9, {3, 3, 2, 2, 1, 1, 1, 1, 1, 1}, 4, 5},
      {7, 7, {7, 7, 1, 1, 1, 1, 0, 0, 0, 0}, 1, 1},
      {6, 5, {2, 3, 2, 1, 1, 1, 0, 1, 0, 1}, 3, 5},
      {9, 9, {3, 2, 1, 2, 2, 3, 2, 0, 2, 1}, 9, 4},
      {5, 5, {2, 2, 2, 2, 1, 1, 0, 0, 1, 1}, 3, 3},  // the last window reaches past the image
      {4, 4, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 4, 4},
      {20, 20, {20, 20, 1, 1, 1, 1, 0, 0, 0, 0}, 1, 1},
  };
  return all;
}

constexpr std::int32_t kChannels[] = {1, 3, 15, 16, 17, 31, 32, 33, 64, 100};

Extent out_extent(const Case& c, std::int32_t channels) {
  return {2, c.out_height, c.out_width, channels, 0, 0, 0, 0, channels + 1};
}

// visit(code) for the taps of a window in the image; returns how many lie in the padded image.
template <typename Visit>
std::int32_t visit_window(const Case& c, const ActivationView& in, std::int32_t image,
                          std::int32_t row, std::int32_t column, std::int32_t channel,
                          Visit visit) {
  const PoolShape& s = c.shape;
  std::int32_t padded = 0;
  for (std::int32_t ky = 0; ky < s.kernel_h; ++ky) {
    for (std::int32_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::int32_t y = row * s.stride_h + ky * s.dilation_h - s.pad_top;
      const std::int32_t x = column * s.stride_w + kx * s.dilation_w - s.pad_left;
      if (y < c.height + s.pad_bottom && x < c.width + s.pad_right) ++padded;
      if (y >= 0 && y < c.height && x >= 0 && x < c.width) visit(in.at(image, y, x)[channel]);
    }
  }
  return padded;
}

template <typename Kernel>
class ByKernel : public testing::TestWithParam<Kernel> {
 protected:
  void SetUp() override {
    if (!isa_supported(this->GetParam().isa)) {
      GTEST_SKIP() << "this CPU cannot run " << isa_name(this->GetParam().isa);
    }
  }
};
using MaxPool = ByKernel<MaxPoolKernel>;
using AveragePool = ByKernel<AveragePoolKernel>;

TEST_P(MaxPool, TakesTheLargestCodeInTheImage) {
  std::mt19937 random(11);
  for (const Case& c : cases()) {
    for (std::int32_t channels : kChannels) {
      Activations in(Extent{2, c.height, c.width, channels}, 64);
      in.fill_random(random, 255);
      Activations out(out_extent(c, channels));
      out.fill(0xcc);
      const MaxPoolArgs args{c.shape, in.view(), out.view()};
      const std::int64_t rows = 2 * c.out_height;
      GetParam().run(args, rows / 2, rows);
      GetParam().run(args, 0, rows / 2);
      for (std::int32_t n = 0; n < 2; ++n) {
        for (std::int32_t y = 0; y < c.out_height; ++y) {
          for (std::int32_t x = 0; x < c.out_width; ++x) {
            for (std::int32_t k = 0; k < channels; ++k) {
              int largest = -1;
              visit_window(c, in.view(), n, y, x, k,
                           [&](int code) { largest = std::max(largest, code); });
              ASSERT_EQ(out.view().at(n, y, x)[k], largest) << channels;
            }
            ASSERT_EQ(out.view().at(n, y, x)[channels], 0xcc);
          }
        }
      }
    }
  }
}

TEST_P(AveragePool, RequantizesTheSumByItsCount) {
  std::mt19937 random(11);
  constexpr std::int32_t kZero = 77;
  for (const Case& c : cases()) {
    for (std::int32_t channels : kChannels) {
      for (bool include_pad : {false, true}) {
        for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
          Activations in(Extent{2, c.height, c.width, channels}, 64);
          in.fill_random(random, 255);
          Activations out(out_extent(c, channels));
          out.fill(0xcc);
          const auto counts = static_cast<std::size_t>(c.shape.kernel_h * c.shape.kernel_w);
          std::vector<Requantizer> requantizers;
          std::vector<OutputStageParams> outputs(counts);
          std::vector<std::vector<float>> multipliers(counts, std::vector<float>(128));
          std::vector<std::vector<FixedMultiplier>> fixed(counts,
                                                          std::vector<FixedMultiplier>(128));
          for (std::size_t i = 0; i < counts; ++i) {
            const double unit = 0.031 / static_cast<double>(i + 1);
            requantizers.push_back(
                make_requantizer(profile, std::vector<double>{unit}, 0.029f, 70, 2, 250));
            if (profile == Profile::kIeee32) {
              std::fill(multipliers[i].begin(), multipliers[i].end(),
                        requantizers[i].multiplier[0]);
            } else {
              std::fill(fixed[i].begin(), fixed[i].end(), requantizers[i].fixed[0]);
            }
            outputs[i].profile = profile;
            outputs[i].multiplier = multipliers[i].data();
            outputs[i].fixed = fixed[i].data();
            outputs[i].zero_point = 70;
            outputs[i].low = 2;
            outputs[i].high = 250;
          }
          AveragePoolArgs args;
          args.shape = c.shape;
          args.count_include_pad = include_pad;
          args.zero_point = kZero;
          args.store = select_output_stage(GetParam().isa).run;
          args.output = outputs.data();
          args.in = in.view();
          args.out = out.view();
          const std::int64_t rows = 2 * c.out_height;
          GetParam().run(args, rows / 2, rows);
          GetParam().run(args, 0, rows / 2);
          for (std::int32_t n = 0; n < 2; ++n) {
            for (std::int32_t y = 0; y < c.out_height; ++y) {
              for (std::int32_t x = 0; x < c.out_width; ++x) {
                for (std::int32_t k = 0; k < channels; ++k) {
                  std::int32_t sum = 0, inside = 0;
                  const std::int32_t padded = visit_window(c, in.view(), n, y, x, k, [&](int code) {
                    sum += code - kZero;
                    ++inside;
                  });
                  const std::int32_t count = include_pad ? padded : inside;
                  ASSERT_EQ(average_pool_count(c.shape, include_pad, c.height, c.width, y, x),
                            count);
                  ASSERT_EQ(out.view().at(n, y, x)[k],
                            requantizers[static_cast<std::size_t>(count - 1)](sum, 0));
                }
                ASSERT_EQ(out.view().at(n, y, x)[channels], 0xcc);
              }
            }
          }
        }
      }
    }
  }
}

TEST_P(AveragePool, DividesCodes) {
  std::mt19937 random(5);
  constexpr std::int32_t kMin = -128;
  constexpr std::int32_t kZero = -17;
  for (const Case& c : cases()) {
    for (std::int32_t channels : kChannels) {
      for (bool include_pad : {false, true}) {
        Activations in(Extent{2, c.height, c.width, channels}, 64);
        in.fill_random(random, 255);
        Activations out(out_extent(c, channels));
        out.fill(0xcc);
        AveragePoolArgs args;
        args.shape = c.shape;
        args.count_include_pad = include_pad;
        args.zero_point = kZero - kMin;
        args.divides = true;
        args.code_of_zero = kZero;
        args.quant_min = kMin;
        args.low = -40;
        args.high = 50;
        args.in = in.view();
        args.out = out.view();
        GetParam().run(args, 0, 2 * c.out_height);
        for (std::int32_t n = 0; n < 2; ++n) {
          for (std::int32_t y = 0; y < c.out_height; ++y) {
            for (std::int32_t x = 0; x < c.out_width; ++x) {
              for (std::int32_t k = 0; k < channels; ++k) {
                std::int32_t sum = 0, inside = 0;
                const std::int32_t padded = visit_window(c, in.view(), n, y, x, k, [&](int code) {
                  sum += code + kMin;
                  ++inside;
                });
                const std::int32_t count = include_pad ? padded : inside;
                sum += (count - inside) * kZero;
                const auto code =
                    std::clamp<std::int64_t>(divide_half_away(sum, count), args.low, args.high);
                ASSERT_EQ(out.view().at(n, y, x)[k] + kMin, code) << sum << " / " << count;
              }
              ASSERT_EQ(out.view().at(n, y, x)[channels], 0xcc);
            }
          }
        }
      }
    }
  }
}

TEST_P(AveragePool, GivesFloats) {
  std::mt19937 random(2);
  Activations in(Extent{3, 7, 7, 40}, 64);
  in.fill_random(random, 255);
  std::vector<OutputStageParams> outputs(49);
  std::vector<float> scale(64, 0.25f);
  outputs[48].kind = OutputKind::kFloat;
  outputs[48].multiplier = scale.data();
  Guarded floats(3 * 40 * 4);
  AveragePoolArgs args;
  args.shape.kernel_h = args.shape.kernel_w = 7;
  args.store = select_output_stage(GetParam().isa).run;
  args.output = outputs.data();
  args.in = in.view();
  args.out.channels = 40;
  args.out_float = floats.as<float>();
  GetParam().run(args, 0, 3);
  for (std::int32_t n = 0; n < 3; ++n) {
    for (std::int32_t c = 0; c < 40; ++c) {
      int sum = 0;
      for (int i = 0; i < 49; ++i) sum += in.view().at(n, i / 7, i % 7)[c];
      ASSERT_EQ(floats.as<float>()[n * 40 + c], static_cast<float>(sum) * 0.25f);
    }
  }
}

constexpr auto kName = [](const auto& kernel) { return std::string(kernel.param.name); };

INSTANTIATE_TEST_SUITE_P(AllKernels, MaxPool,
                         testing::ValuesIn(max_pool_kernels().begin(), max_pool_kernels().end()),
                         kName);
INSTANTIATE_TEST_SUITE_P(AllKernels, AveragePool,
                         testing::ValuesIn(average_pool_kernels().begin(),
                                           average_pool_kernels().end()),
                         kName);

}  // namespace
}  // namespace gradus::kernels
