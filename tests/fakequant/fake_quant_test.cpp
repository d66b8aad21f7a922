#include "gradus/fakequant/fake_quant.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "gradus/fakequant/loops.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::TestRandom;

struct Setting {
  QuantizerSpec spec;
  float scale;
  std::int32_t zero_point;
};

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (int bits = 1; bits <= 8; ++bits) {
    all.push_back({{.bits = bits}, 0.037f, 0});
    all.push_back({{.bits = bits}, 0.21f, (1 << bits) / 2});
    all.push_back({{.bits = bits, .is_signed = true, .symmetric = true}, 0.1f, 0});
    if (bits == 1) continue;
    all.push_back(
        {{.bits = bits, .is_signed = true, .symmetric = true, .narrow_range = true}, 0.0117f, 0});
    all.push_back({{.bits = bits, .is_signed = true}, 0.05f, -1});
  }
  return all;
}

FakeQuantizer quantizer_of(const Setting& setting) {
  FakeQuantizer quantizer;
  quantizer.grid = setting.spec.grid();
  quantizer.scale = at::tensor({setting.scale}, at::kFloat);
  quantizer.zero_point = {setting.zero_point};
  return quantizer;
}

// Values that hit cell borders, ends of the grid, and far outside.
at::Tensor hard_values(const Setting& setting, std::int64_t count, std::uint64_t stream) {
  TestRandom random(stream);
  std::vector<float> values;
  for (int half = -600; half <= 600; ++half) {
    values.push_back(static_cast<float>(half) * 0.5f * setting.scale);
  }
  for (float v : {0.0f, -0.0f, 1e30f, -1e30f, INFINITY, -INFINITY, 1e-42f, 1e6f, -1e6f}) {
    values.push_back(v);
  }
  while (static_cast<std::int64_t>(values.size()) < count) {
    values.push_back(random.rng().normal() * 40.0f * setting.scale);
  }
  values.resize(static_cast<std::size_t>(count));
  return at::tensor(values, at::kFloat);
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.contiguous();
  const at::Tensor y = b.contiguous();
  return x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type() &&
         std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

TEST(FakeQuantize, EqualsDequantizeOfQuantizeBitForBit) {
  for (const Setting& setting : settings()) {
    for (std::int64_t count : {1, 7, 31, 33, 1300, 40000}) {
      const at::Tensor x = hard_values(setting, count, 1);
      const at::Tensor y = fake_quantize(x, quantizer_of(setting));
      const float* from = x.const_data_ptr<float>();
      std::vector<float> expected;
      for (std::int64_t i = 0; i < count; ++i) {
        expected.push_back(
            dequantize(quantize(from[i], setting.scale, setting.zero_point, setting.spec.grid()),
                       setting.scale, setting.zero_point));
      }
      EXPECT_TRUE(same_bits(y, at::tensor(expected, at::kFloat)))
          << "bits " << setting.spec.bits << " signed " << setting.spec.is_signed << " count "
          << count;
    }
  }
}

TEST(FakeQuantize, AppliesTheFusedActivationFirst) {
  for (const Setting& setting : settings()) {
    FakeQuantizer quantizer = quantizer_of(setting);
    const at::Tensor x = hard_values(setting, 2000, 2);
    const at::Tensor expected = fake_quantize(at::clamp(x, 0.0, 40 * setting.scale), quantizer);
    quantizer.clamp_min = 0.0f;
    quantizer.clamp_max = 40 * setting.scale;
    if (!quantizer.grid.binary) {
      EXPECT_TRUE(same_bits(fake_quantize(x, quantizer), expected));
    }
  }
}

TEST(FakeQuantize, KeepsChannelsApartOnAnyAxisAndMemoryFormat) {
  TestRandom random(3);
  const at::Tensor x = at::tensor(random.normals(3 * 5 * 4 * 6), at::kFloat).reshape({3, 5, 4, 6});
  for (std::int64_t axis : {0, 1, 3}) {
    FakeQuantizer quantizer;
    quantizer.grid = {-7, 7, false};
    quantizer.axis = axis;
    std::vector<float> scales;
    for (std::int64_t c = 0; c < x.size(axis); ++c) scales.push_back(0.1f + 0.07f * float(c));
    quantizer.scale = at::tensor(scales, at::kFloat);
    quantizer.zero_point.assign(scales.size(), 0);
    for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const at::Tensor y = fake_quantize(x.contiguous(format), quantizer);
      for (std::int64_t c = 0; c < x.size(axis); ++c) {
        FakeQuantizer one = quantizer;
        one.axis = 0;
        one.scale = at::tensor({scales[static_cast<std::size_t>(c)]}, at::kFloat);
        one.zero_point = {0};
        EXPECT_TRUE(same_bits(y.select(axis, c), fake_quantize(x.select(axis, c), one)));
      }
    }
  }
}

TEST(FakeQuantize, MayTakeItsInputsPlace) {
  const Setting setting = settings()[6];
  const at::Tensor x = hard_values(setting, 3000, 4);
  FakeQuantizer quantizer = quantizer_of(setting);
  const auto [expected, expected_mask] = fake_quantize_with_mask(x, quantizer);
  at::Tensor copy = x.clone();
  quantizer.in_place = true;
  const auto [y, mask] = fake_quantize_with_mask(copy, quantizer);
  EXPECT_TRUE(y.is_same(copy));
  EXPECT_TRUE(same_bits(y, expected));
  EXPECT_TRUE(same_bits(mask, expected_mask));
}

TEST(FakeQuantize, NotesTheRangeOfWhatItSaw) {
  Range range;
  FakeQuantizer quantizer = quantizer_of(settings()[0]);
  quantizer.observed = &range;
  quantizer.clamp_min = -2.0f;
  fake_quantize(at::tensor({-5.0f, 3.0f, 0.5f}), quantizer);
  EXPECT_EQ(range, (Range{-2.0f, 3.0f}));
  fake_quantize(at::tensor({4.0f}), quantizer);
  EXPECT_EQ(range, (Range{-2.0f, 4.0f}));
}

TEST(FakeQuantize, GivesTheSameBitsInAtenOperations) {
  for (const Setting& setting : settings()) {
    FakeQuantizer quantizer = quantizer_of(setting);
    for (bool clamp : {false, true}) {
      if (clamp) quantizer.clamp_min = 0.0f;
      const at::Tensor x = hard_values(setting, 2500, 5);
      const at::Tensor g = at::tensor(TestRandom(6).normals(2500), at::kFloat);
      const auto [y, mask] = fake_quantize_with_mask(x, quantizer);
      const auto [y_aten, mask_aten] = aten::fake_quantize_with_mask(x, quantizer);
      EXPECT_TRUE(same_bits(y, y_aten));
      EXPECT_TRUE(same_bits(mask, mask_aten));
      const auto [gx, gscale] = learned_step_backward(x, g, quantizer);
      const auto [gx_aten, gscale_aten] = aten::learned_step_backward(x, g, quantizer);
      EXPECT_TRUE(same_bits(gx, gx_aten));
      // Sums of 2500 products in another order.
      EXPECT_NEAR(gscale.item<float>(), gscale_aten.item<float>(),
                  1e-5f * 2500 * float(setting.spec.grid().quant_max));
    }
  }
}

TEST(LearnedStepBackward, DoesNotDependOnTheNumberOfThreads) {
  const Setting setting = settings()[12];
  const at::Tensor x = hard_values(setting, 5 * kLoopChunk + 77, 7);
  const at::Tensor g = at::tensor(TestRandom(8).normals(5 * kLoopChunk + 77), at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto [gx1, gscale1] = learned_step_backward(x, g, quantizer_of(setting));
  at::set_num_threads(2);
  const auto [gx2, gscale2] = learned_step_backward(x, g, quantizer_of(setting));
  at::set_num_threads(threads);
  EXPECT_TRUE(same_bits(gx1, gx2));
  EXPECT_TRUE(same_bits(gscale1, gscale2));
}

TEST(RangesOf, FindsTheExtremesOfEveryChannel) {
  const at::Tensor x = at::tensor({1.0f, -2.0f, 3.0f, 4.0f, -7.0f, 0.0f}).reshape({2, 3});
  EXPECT_EQ(ranges_of(x, false, 0), (std::vector<Range>{{-7.0f, 4.0f}}));
  EXPECT_EQ(ranges_of(x, true, 0), (std::vector<Range>{{-2.0f, 3.0f}, {-7.0f, 4.0f}}));
  EXPECT_EQ(ranges_of(x, true, 1),
            (std::vector<Range>{{1.0f, 4.0f}, {-7.0f, -2.0f}, {0.0f, 3.0f}}));
}

}  // namespace
}  // namespace gradus
