// A random convolution with everything that its kernels are given, and the codes and floats that
// they must give.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "gradus/kernels/conv/conv.h"
#include "tests/kernels/activations.h"

namespace gradus::kernels {

struct ConvCase {
  ConvShape shape;
  std::int32_t batch = 1;
  std::int32_t input_max = 255;
  std::int32_t weight_min = -127, weight_max = 127;
  bool extreme = false;  // every operand at its largest: a saturating instruction shows
  bool floats = false;
  Profile profile = Profile::kIeee32;
  std::int32_t low = 0, high = 255;
  std::int32_t spare_channels = 0;  // pixels of the output wider than its channels
  std::int32_t spare_input = 0;     // pixels of the input wider than its channels, a multiple of 4
  std::uint32_t seed = 1;
};

inline std::string describe(const ConvCase& c) {
  const ConvShape& s = c.shape;
  std::string text;
  for (std::int32_t v :
       {c.batch,        s.in_height, s.in_width, s.in_channels, s.out_height, s.out_width,
        s.out_channels, s.kernel_h,  s.kernel_w, s.stride_h,    s.stride_w,   s.dilation_h,
        s.dilation_w,   s.pad_top,   s.pad_left, s.groups,      c.input_max,  c.weight_min,
        c.weight_max,   c.low,       c.high}) {
    text += std::to_string(v) + " ";
  }
  return "batch, in h w c, out h w c, kernel, stride, dilation, pad, groups, input max, weights, "
         "clamp: " +
         text;
}

class ConvLayer {
 public:
  explicit ConvLayer(const ConvCase& c, Guarded::Side side = Guarded::Side::kEnd)
      : case_(c), random_(c.seed), in_(input_extent(c), 64, side), out_(output_extent(c)) {
    make_weights();
    in_.fill_random(random_, c.input_max);
    if (c.extreme) in_.fill(static_cast<std::uint8_t>(c.input_max));
    make_output_stage();
    expect();
  }

  ConvProblem problem() const {
    const auto [low, high] = std::minmax_element(weights_.begin(), weights_.end());
    return {case_.shape, case_.input_max, weights_, *low, *high};
  }

  // Runs items [0, n) in `shares` calls and compares.
  void check(const ConvKernel& kernel, std::int64_t shares) {
    const ConvProblem p = problem();
    ASSERT_EQ(kernel.unsupported(p), nullptr);
    const std::size_t packed_bytes = (kernel.packed_bytes(p) + 63) / 64 * 64;
    Guarded packed(packed_bytes);
    kernel.pack(p, packed.as());
    Guarded scratch((kernel.scratch_bytes(case_.shape) + 63) / 64 * 64);
    out_.fill(0xcc);
    std::fill(floats_.begin(), floats_.end(), -1e30f);
    ConvArgs args;
    args.shape = &case_.shape;
    args.batch = case_.batch;
    args.packed = packed.as();
    args.bias = bias_.data();
    args.in = in_.view();
    args.store = select_output_stage(Isa::kScalar).run;
    args.output = &output_;
    args.out = out_.view();
    args.out_float = floats_.data();
    const std::int64_t items = kernel.work_items(case_.shape, case_.batch);
    ASSERT_GT(items, 0);
    for (std::int64_t i = shares - 1; i >= 0; --i) {
      std::memset(scratch.as(), static_cast<int>(0x55 + i), kernel.scratch_bytes(case_.shape));
      kernel.run(args, items * i / shares, items * (i + 1) / shares, scratch.as());
    }
    if (case_.floats) {
      ASSERT_EQ(floats_, expected_floats_) << kernel.name << " " << describe(case_);
    } else {
      const std::vector<std::uint8_t> got(out_.bytes(), out_.bytes() + out_.size());
      ASSERT_EQ(got, expected_codes_) << kernel.name << " " << describe(case_);
    }
  }

  std::int64_t items(const ConvKernel& kernel) const {
    return kernel.work_items(case_.shape, case_.batch);
  }

 private:
  static Extent input_extent(const ConvCase& c) {
    const ConvShape& s = c.shape;
    Extent e{c.batch, s.in_height, s.in_width, s.in_channels};
    e.halo_top = s.pad_top;
    e.halo_left = s.pad_left;
    e.halo_bottom = std::max(0, (s.out_height - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h +
                                    1 - s.pad_top - s.in_height);
    e.halo_right = std::max(0, (s.out_width - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w +
                                   1 - s.pad_left - s.in_width);
    e.pixel_step = (s.in_channels + 3) / 4 * 4 + c.spare_input;
    return e;
  }
  static Extent output_extent(const ConvCase& c) {
    Extent e{c.batch, c.shape.out_height, c.shape.out_width, c.shape.out_channels};
    e.pixel_step = c.shape.out_channels + c.spare_channels;
    return e;
  }

  void make_weights() {
    const ConvShape& s = case_.shape;
    const auto count = static_cast<std::size_t>(s.out_channels) *
                       static_cast<std::size_t>(s.kernel_h * s.kernel_w) *
                       static_cast<std::size_t>(s.in_channels / s.groups);
    const auto range = static_cast<std::uint32_t>(case_.weight_max - case_.weight_min + 1);
    weights_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      weights_[i] = static_cast<std::int16_t>(case_.weight_min +
                                              static_cast<std::int32_t>(random_() % range));
      if (case_.extreme) {
        const bool up = i / (count / static_cast<std::size_t>(s.out_channels)) % 2 == 0;
        weights_[i] = static_cast<std::int16_t>(up ? case_.weight_max : case_.weight_min);
      }
    }
  }

  void make_output_stage() {
    const auto channels = static_cast<std::size_t>((case_.shape.out_channels + 63) / 64 * 64);
    bias_.resize(channels);
    multiplier_.resize(channels);
    fixed_.resize(channels);
    const double taps = case_.shape.kernel_h * case_.shape.kernel_w *
                        (case_.shape.in_channels / case_.shape.groups);
    for (std::size_t i = 0; i < channels; ++i) {
      bias_[i] = static_cast<std::int32_t>(random_() % 2001) - 1000;
      const double m =
          (1.0 + static_cast<double>(random_() % 100) / 50.0) / (case_.input_max * std::sqrt(taps));
      multiplier_[i] = static_cast<float>(m);
      fixed_[i] = fixed_multiplier(m);
    }
    output_.kind = case_.floats ? OutputKind::kFloat : OutputKind::kCodes;
    output_.profile = case_.profile;
    output_.multiplier = multiplier_.data();
    output_.fixed = fixed_.data();
    output_.zero_point = 100;
    output_.low = case_.low;
    output_.high = case_.high;
  }

  std::int64_t sum(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t o) const {
    const ConvShape& s = case_.shape;
    const std::int64_t channels = s.in_channels / s.groups;
    const std::int64_t group = o / (s.out_channels / s.groups);
    std::int64_t acc = bias_[static_cast<std::size_t>(o)];
    std::size_t w = static_cast<std::size_t>(o * s.kernel_h * s.kernel_w * channels);
    for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
      for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
        const std::uint8_t* in =
            in_.view().at(image, y * s.stride_h + ky * s.dilation_h - s.pad_top,
                          x * s.stride_w + kx * s.dilation_w - s.pad_left);
        for (std::int64_t i = 0; i < channels; ++i) acc += weights_[w++] * in[group * channels + i];
      }
    }
    return acc;
  }

  void expect() {
    const ConvShape& s = case_.shape;
    Requantizer r{case_.profile, multiplier_, fixed_, output_.zero_point, case_.low, case_.high};
    Activations codes(output_extent(case_));
    codes.fill(0xcc);
    for (std::int64_t n = 0; n < case_.batch; ++n) {
      for (std::int64_t y = 0; y < s.out_height; ++y) {
        for (std::int64_t x = 0; x < s.out_width; ++x) {
          for (std::int64_t o = 0; o < s.out_channels; ++o) {
            const auto acc = static_cast<std::int32_t>(sum(n, y, x, o));
            const auto channel = static_cast<std::size_t>(o);
            codes.view().at(n, y, x)[o] = static_cast<std::uint8_t>(r(acc, channel));
            expected_floats_.push_back(static_cast<float>(acc) * multiplier_[channel]);
          }
        }
      }
    }
    expected_codes_.assign(codes.bytes(), codes.bytes() + codes.size());
    floats_.resize(expected_floats_.size());
  }

  ConvCase case_;
  std::mt19937 random_;
  Activations in_;
  Activations out_;
  std::vector<std::int16_t> weights_;
  std::vector<std::int32_t> bias_;
  std::vector<float> multiplier_;
  std::vector<FixedMultiplier> fixed_;
  OutputStageParams output_;
  std::vector<std::uint8_t> expected_codes_;
  std::vector<float> expected_floats_, floats_;
};

}  // namespace gradus::kernels
