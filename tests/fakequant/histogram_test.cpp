#include "gradus/fakequant/histogram.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "gradus/base/check.h"
#include "gradus/fakequant/observer.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::TestRandom;

Histogram histogram_of(int bins, std::vector<std::vector<float>> batches) {
  Histogram histogram(bins);
  for (const auto& batch : batches) histogram.add(batch);
  return histogram;
}

std::vector<std::uint64_t> counts_of(const Histogram& h) {
  return {h.counts().begin(), h.counts().end()};
}

void expect_same(const Histogram& a, const Histogram& b) {
  EXPECT_EQ(a.range(), b.range());
  EXPECT_EQ(a.total(), b.total());
  EXPECT_EQ(a.zeros(), b.zeros());
  EXPECT_EQ(a.width(), b.width());
  EXPECT_EQ(a.first(), b.first());
  EXPECT_EQ(counts_of(a), counts_of(b));
}

TEST(Histogram, CountsInBinsOfAPowerOfTwo) {
  const Histogram h = histogram_of(8, {{0.0f, 1.0f, 3.0f, 0.0f, 7.5f, 2.0f, 2.5f}});
  EXPECT_EQ(h.width(), 1.0);
  EXPECT_EQ(h.first(), 0);
  EXPECT_EQ(counts_of(h), (std::vector<std::uint64_t>{0, 1, 2, 1, 0, 0, 0, 1}));
  EXPECT_EQ(h.zeros(), 2u);
  EXPECT_EQ(h.total(), 7u);
  EXPECT_EQ(h.range(), (Range{0.0f, 7.5f}));
  EXPECT_EQ(h.middle(2), 2.5f);
  EXPECT_EQ(h.middle(7), 7.5f);  // of 7..8
}

TEST(Histogram, MergesNeighboursWhenTheRangeOutgrowsTheBins) {
  Histogram h = histogram_of(8, {{1.0f, 3.0f, 7.5f, 2.0f, 2.5f}});
  h.add(std::vector<float>{-1.0f});  // nine bins of 1: five of 2
  EXPECT_EQ(h.width(), 2.0);
  EXPECT_EQ(h.first(), -1);
  EXPECT_EQ(counts_of(h), (std::vector<std::uint64_t>{1, 1, 3, 0, 1}));
  h.add(std::vector<float>{100.0f});
  EXPECT_EQ(h.width(), 16.0);
  EXPECT_EQ(counts_of(h), (std::vector<std::uint64_t>{1, 5, 0, 0, 0, 0, 0, 1}));
}

TEST(Histogram, DoesNotDependOnOrderBatchesOrMerging) {
  TestRandom random(4);
  auto values = random.normals(5000);
  for (std::size_t i = 0; i < values.size(); i += 7) values[i] = 0.0f;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] *= std::ldexp(1.0f, static_cast<int>(i) * 10 / 5000);
  }
  const Histogram whole = histogram_of(256, {values});
  std::vector<float> reversed(values.rbegin(), values.rend());
  for (const auto& order : {values, reversed}) {
    Histogram parts(256);
    Histogram in_batches(256);
    for (std::size_t i = 0; i < order.size(); i += 617) {
      const auto end = std::min(order.size(), i + 617);
      const std::span<const float> batch(order.data() + i, end - i);
      in_batches.add(batch);
      Histogram one(256);
      one.add(batch);
      parts.merge(one);
    }
    expect_same(in_batches, whole);
    expect_same(parts, whole);
  }
  EXPECT_GT(whole.counts().size(), 128u);
  EXPECT_LE(whole.counts().size(), 256u);
}

TEST(Histogram, HoldsTheTiniestAndTheLargestFloats) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  const float huge = std::numeric_limits<float>::max();
  const Histogram small = histogram_of(4, {{tiny, 3 * tiny}});
  EXPECT_EQ(counts_of(small), (std::vector<std::uint64_t>{0, 1, 0, 1}));
  const Histogram both = histogram_of(4, {{tiny}, {-huge, huge}});
  EXPECT_EQ(both.total(), 3u);
  std::uint64_t counted = 0;
  for (std::uint64_t count : both.counts()) counted += count;
  EXPECT_EQ(counted, 3u);
}

TEST(Histogram, PassesOverNaNAndRefusesToCountInfinities) {
  Histogram h = histogram_of(4, {{NAN, 1.0f, NAN}});
  EXPECT_EQ(h.total(), 1u);
  h.add(std::vector<float>{INFINITY, 1.0f});
  h.add(std::vector<float>{1e30f, -1e30f});  // past the bins of before
  EXPECT_EQ(h.range().max, INFINITY);
  EXPECT_EQ(h.total(), 1u);
  EXPECT_TRUE(histogram_of(4, {{}}).range().empty());
  EXPECT_THROW(Histogram(48), LogicError);
}

TEST(PercentileRange, CutsOffAtMostTheRest) {
  std::vector<float> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(static_cast<float>(i));  // bins of 1
  const Histogram h = histogram_of(1024, {values});
  ASSERT_EQ(h.width(), 1.0);
  const QuantizerSpec spec{.bits = 8};
  EXPECT_EQ(percentile_range(h, 100.0, spec), (Range{1.0f, 1000.0f}));
  EXPECT_EQ(percentile_range(h, 99.9, spec).max,
            1000.0f);  // 1 of 1000 cut: bin 999..1000 ends there
  EXPECT_EQ(percentile_range(h, 99.0, spec).max, 991.0f);
  EXPECT_EQ(percentile_range(h, 90.0, spec).max, 901.0f);
  EXPECT_EQ(percentile_range(h, 90.0, spec).min, 1.0f);
}

TEST(PercentileRange, TreatsSidesApartUnlessSymmetric) {
  // 100 values: -8 once, -2 nine times, 70 zeros, 1 eighteen times, 4 twice.
  std::vector<float> values(70, 0.0f);
  values.push_back(-8.0f);
  values.insert(values.end(), 9, -2.0f);
  values.insert(values.end(), 18, 1.0f);
  values.insert(values.end(), 2, 4.0f);
  const Histogram h = histogram_of(16, {values});
  ASSERT_EQ(h.width(), 1.0);
  const QuantizerSpec apart{.bits = 8};
  EXPECT_EQ(percentile_range(h, 99.5, apart), (Range{-8.0f, 4.0f}));
  EXPECT_EQ(percentile_range(h, 99.0, apart), (Range{-2.0f, 4.0f}));  // -8 is 1 %
  EXPECT_EQ(percentile_range(h, 98.0, apart),
            (Range{-2.0f, 2.0f}));  // 4 is 2 %, bin 1..2 ends at 2
  EXPECT_EQ(percentile_range(h, 60.0, apart), (Range{-8.0f, 4.0f}));  // never to nothing
  const QuantizerSpec symmetric{.bits = 8, .is_signed = true, .symmetric = true};
  EXPECT_EQ(percentile_range(h, 99.0, symmetric), (Range{-5.0f, 4.0f}));  // one in magnitude: -8
  EXPECT_EQ(percentile_range(h, 97.0, symmetric), (Range{-2.0f, 2.0f}));  // -8 and both 4
}

// All values in the middle of a bin, so that the histogram loses nothing.
std::vector<float> on_middles(std::uint64_t seed, double outlier) {
  TestRandom random(seed);
  std::vector<float> values;
  for (float v : random.normals(3000)) {
    const float magnitude = (std::floor(std::fabs(v) * 64.0f) + 0.5f) / 64.0f;
    values.push_back(v < 0.0f ? -magnitude : magnitude);
  }
  values.push_back(static_cast<float>((std::floor(outlier * 64.0) + 0.5) / 64.0));
  return values;
}

Range full_range(const std::vector<float>& values) {
  return {std::min(0.0f, *std::min_element(values.begin(), values.end())),
          std::max(0.0f, *std::max_element(values.begin(), values.end()))};
}

std::int32_t unclamped(float value, const QuantizationParameters& p) {
  return static_cast<std::int32_t>(std::rint(value / p.scale[0])) + p.zero_point[0];
}

double brute_error(const std::vector<float>& values, Range range, const QuantizerSpec& spec) {
  const auto p = parameters_of(std::span(&range, 1), spec);
  double sum = 0.0;
  for (float v : values) {
    const std::int32_t code =
        std::clamp(unclamped(v, p), spec.grid().quant_min, spec.grid().quant_max);
    const double back =
        static_cast<double>(p.scale[0] * static_cast<float>(code - p.zero_point[0]));
    sum += (static_cast<double>(v) - back) * (static_cast<double>(v) - back);
  }
  return sum;
}

// The definition, over maps of the values themselves.
double brute_divergence(const std::vector<float>& values, Range range, const QuantizerSpec& spec) {
  const auto p = parameters_of(std::span(&range, 1), spec);
  std::map<float, double> reference, inside;
  for (float v : values) {
    if (v == 0.0f) continue;
    const std::int32_t code = unclamped(v, p);
    if (code >= spec.grid().quant_min && code <= spec.grid().quant_max) inside[v] += 1.0;
  }
  reference = inside;
  double inside_total = 0.0, total = 0.0;
  for (const auto& [value, count] : inside) inside_total += count;
  for (float v : values) {
    if (v == 0.0f) continue;
    total += 1.0;
    if (unclamped(v, p) < spec.grid().quant_min) reference.begin()->second += 1.0;
    if (unclamped(v, p) > spec.grid().quant_max) reference.rbegin()->second += 1.0;
  }
  std::map<std::int32_t, std::pair<double, int>> cells;
  for (const auto& [value, count] : inside) {
    cells[unclamped(value, p)].first += count;
    cells[unclamped(value, p)].second += 1;
  }
  double sum = 0.0;
  for (const auto& [value, count] : reference) {
    const auto& [mass, bins] = cells[unclamped(value, p)];
    sum += count / total * std::log(count / total / (mass / bins / inside_total));
  }
  return sum;
}

// One-sided and symmetric quantizers try only the hundred ranges that shrink both sides.
template <typename Brute>
void expect_least_of_a_hundred(const std::vector<float>& values, const QuantizerSpec& spec,
                               Range found, double narrowest_step, const Brute& brute) {
  const Range full = full_range(values);
  const double cost = brute(values, found, spec);
  double least = std::numeric_limits<double>::infinity();
  for (int i = 1; i <= 100; ++i) {
    const float part = static_cast<float>(i) / 100;
    const Range range{full.min * part, full.max * part};
    if (static_cast<double>(parameters_of(std::span(&range, 1), spec).scale[0]) < narrowest_step) {
      continue;
    }
    least = std::min(least, brute(values, range, spec));
  }
  EXPECT_NEAR(cost, least, 1e-9 * std::max(1.0, least));
}

TEST(LeastErrorRange, IsTheBestOfAHundredByBruteForce) {
  for (int bits : {2, 4, 8}) {
    const auto values = on_middles(static_cast<std::uint64_t>(bits), 11.0);
    const Histogram h = histogram_of(1024, {values});
    ASSERT_EQ(h.width(), 1.0 / 64);
    const QuantizerSpec spec{.bits = bits, .is_signed = true, .symmetric = true};
    const Range found = least_error_range(h, spec);
    expect_least_of_a_hundred(values, spec, found, 0.0, brute_error);
    EXPECT_LT(found.max, bits == 8 ? 11.0f : 5.0f) << "the outlier at 11 is cut off";
  }
}

TEST(LeastDivergenceRange, IsTheBestOfAHundredByBruteForce) {
  for (int bits : {3, 4, 6}) {
    const auto values = on_middles(static_cast<std::uint64_t>(bits), 9.0);
    const Histogram h = histogram_of(1024, {values});
    ASSERT_EQ(h.width(), 1.0 / 64);
    const QuantizerSpec spec{.bits = bits, .is_signed = true, .symmetric = true};
    const Range found = least_divergence_range(h, spec);
    expect_least_of_a_hundred(values, spec, found, h.width(), brute_divergence);
    EXPECT_LT(found.max, 9.0f) << bits;
  }
}

TEST(LeastDivergenceRange, TakesSidesApartWhereAsymmetric) {
  auto values = on_middles(7, 3.0);
  values.push_back(-30.0f + 1.0f / 128.0f);
  const QuantizerSpec spec{.bits = 6};
  const Histogram h = histogram_of(4096, {values});
  ASSERT_EQ(h.width(), 1.0 / 64);
  const Range found = least_divergence_range(h, spec);
  EXPECT_GT(found.min, -15.0f);  // the outlier below is cut, the other side kept
  EXPECT_GT(found.max, 1.5f);
  EXPECT_LE(brute_divergence(values, found, spec),
            brute_divergence(values, full_range(values), spec));
}

TEST(HistogramObservers, GiveTheSameRangesForAnyOrderOfTheSameBatches) {
  TestRandom random(9);
  std::vector<at::Tensor> batches;
  for (int i = 0; i < 6; ++i) {
    batches.push_back(at::relu(at::tensor(random.normals(300000), at::kFloat)) * (1.0 + i));
  }
  for (const char* name : {"histogram", "percentile", "entropy"}) {
    const auto forward = find_observer(name).make({.spec = {.bits = 4}});
    const auto backward = find_observer(name).make({.spec = {.bits = 4}});
    const auto at_once = find_observer(name).make({.spec = {.bits = 4}});
    for (const at::Tensor& batch : batches) forward->observe(batch);
    for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) backward->observe(*batch);
    at_once->observe(at::cat(batches));
    EXPECT_EQ(forward->ranges(), backward->ranges()) << name;
    EXPECT_EQ(forward->ranges(), at_once->ranges()) << name;
    Range full;
    for (const at::Tensor& b : batches) full.max = std::max(full.max, b.max().item<float>());
    EXPECT_LT(forward->ranges()[0].max, full.max) << name;
    EXPECT_GT(forward->ranges()[0].max, 0.2f * full.max) << name;
  }
}

}  // namespace
}  // namespace gradus
