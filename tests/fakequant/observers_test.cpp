#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "gradus/fakequant/loops.h"
#include "gradus/fakequant/observer.h"
#include "gradus/fakequant/range_search.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::TestRandom;

std::vector<Range> observe(const std::string& name, const QuantizerSpec& spec,
                           const std::vector<at::Tensor>& batches) {
  const auto observer = find_observer(name).make({spec, 0.1f});
  for (const at::Tensor& batch : batches) {
    observer->observe(batch);
    observer->end_batch();
  }
  return observer->ranges();
}

TEST(Observers, HaveUniqueNamesAndCiteASource) {
  std::set<std::string> names;
  for (const ObserverType& type : observers()) {
    EXPECT_TRUE(names.insert(type.name).second);
    EXPECT_NE(std::string(type.reference).find("arXiv:"), std::string::npos);
  }
  testing_support::expect_error(ErrorCode::kInvalidArgument, {"min_max", "did you mean 'minmax'"},
                                [] { find_observer("min_max"); });
}

TEST(Observers, AcceptConstantTensorsAndFindAScale) {
  for (const ObserverType& type : observers()) {
    if (type.fixed) continue;
    for (float value : {0.0f, 3.0f, -2.0f}) {
      const QuantizerSpec spec{.bits = 4};
      const auto ranges =
          observe(type.name, spec, {at::full({3, 5}, value), at::full({3, 5}, value)});
      const auto parameters = parameters_of(ranges, spec);
      ASSERT_EQ(parameters.scale.size(), 1u) << type.name;
      EXPECT_GT(parameters.scale[0], 0.0f);
      const float back =
          dequantize(quantize(value, parameters.scale[0], parameters.zero_point[0], spec.grid()),
                     parameters.scale[0], parameters.zero_point[0]);
      EXPECT_NEAR(back, value, 1e-6f) << type.name;
    }
  }
}

// A quantizer that several tensors share sees them all in every batch.
TEST(Observers, TakeABatchInParts) {
  for (const ObserverType& type : observers()) {
    if (type.fixed) continue;
    const QuantizerSpec spec{.bits = 8};
    const auto parts = find_observer(type.name).make({spec, 0.1f});
    std::vector<at::Tensor> whole;
    TestRandom random(5);
    for (int batch = 0; batch < 3; ++batch) {
      const at::Tensor small = at::tensor(random.normals(40));
      const at::Tensor large = at::tensor(random.normals(60, 8.0f));
      for (const at::Tensor& part : {small, large}) parts->observe(part);
      parts->end_batch();
      whole.push_back(at::cat({small, large}));
    }
    EXPECT_EQ(parts->ranges(), observe(type.name, spec, whole)) << type.name;
  }
}

TEST(Observers, KeepChannelsApart) {
  for (const ObserverType& type : observers()) {
    if (type.fixed) continue;
    const QuantizerSpec spec{.bits = 8, .is_signed = true, .symmetric = true, .per_channel = true};
    const at::Tensor x = at::tensor({1.0f, -2.0f, 0.5f, 4.0f, 1.0f, -8.0f}).reshape({2, 3});
    const auto ranges = observe(type.name, spec, {x});
    ASSERT_EQ(ranges.size(), 2u);
    const auto parameters = parameters_of(ranges, spec);
    EXPECT_NEAR(parameters.scale[1] / parameters.scale[0], 4.0f, 0.2f) << type.name;
  }
}

TEST(Observers, RefuseARangeWithAnInfinity) {
  for (const ObserverType& type : observers()) {
    if (type.fixed) continue;
    testing_support::expect_error(ErrorCode::kFailed, {"not finite"}, [&] {
      parameters_of(observe(type.name, {}, {at::tensor({1.0f, INFINITY}), at::ones({3})}), {});
    });
  }
}

TEST(Given, KeepsTheRecipesRangeForEveryChannel) {
  const QuantizerSpec spec{.bits = 4, .is_signed = true, .symmetric = true, .per_channel = true};
  const auto observer = find_observer("given").make({.spec = spec, .given = {-1.5f, 3.5f}});
  observer->observe(at::full({2, 9}, 100.0f));
  EXPECT_EQ(observer->ranges(), (std::vector<Range>{{-1.5f, 3.5f}, {-1.5f, 3.5f}}));
  EXPECT_FLOAT_EQ(parameters_of(observer->ranges(), spec).scale[1], 0.5f);
}

TEST(MinMax, KeepsTheExtremesOfAllBatches) {
  EXPECT_EQ(observe("minmax", {}, {at::tensor({1.0f, 2.0f}), at::tensor({-3.0f, 0.0f})}),
            (std::vector<Range>{{-3.0f, 2.0f}}));
}

TEST(MovingAverageMinMax, StartsAtTheFirstBatchAndMovesByItsConstant) {
  const auto ranges =
      observe("moving_average_minmax", {}, {at::tensor({-1.0f, 2.0f}), at::tensor({-3.0f, 4.0f})});
  EXPECT_FLOAT_EQ(ranges[0].min, -1.2f);
  EXPECT_FLOAT_EQ(ranges[0].max, 2.2f);
}

TEST(MeanSquaredErrorObserver, CutsOffAnOutlierAtFewBits) {
  TestRandom random(1);
  auto values = random.normals(20000);
  values[77] = 60.0f;
  const QuantizerSpec spec{.bits = 4, .is_signed = true, .symmetric = true};
  const at::Tensor x = at::tensor(values, at::kFloat);
  const auto ranges = observe("mse", spec, {x});
  // The best range of a normal tensor at 4 bits is about 2.5 to 3 deviations.
  EXPECT_GT(ranges[0].max, 2.0f);
  EXPECT_LT(ranges[0].max, 4.0f);
}

TEST(MeanSquaredErrorObserver, SamplesALongStreamEvenly) {
  TestRandom random(2);
  const QuantizerSpec spec{.bits = 4};
  std::vector<at::Tensor> batches;
  for (int i = 0; i < 40; ++i) {
    batches.push_back(at::relu(at::tensor(random.normals(30011), at::kFloat)));
  }
  const auto many = observe("mse", spec, batches);
  const auto few = observe("mse", spec, {batches[0], batches[20]});
  EXPECT_NEAR(many[0].max, few[0].max, 0.3f);
}

TEST(SearchRange, FindsTheLeastErrorOfAHundred) {
  TestRandom random(3);
  const auto samples = random.normals(4000);
  const QuantizerSpec spec{.bits = 3, .is_signed = true, .symmetric = true};
  Range full;
  for (float v : samples) full = {std::min(full.min, v), std::max(full.max, v)};
  const auto error_of = [&](Range range) {
    const auto p = parameters_of(std::span(&range, 1), spec);
    LoopQuantizer loop{.scale = p.scale[0], .low = -4, .high = 3};
    return quantization_error_loop(samples.data(), std::ssize(samples), loop);
  };
  const double found = error_of(search_range(samples, full, spec));
  for (int i = 1; i <= 100; ++i) {
    const float part = static_cast<float>(i) / 100;
    EXPECT_LE(found, error_of({full.min * part, full.max * part}));
  }
}

TEST(ParametersOf, RefusesRangesThatAreNotFinite) {
  const Range bad{-1.0f, INFINITY};
  testing_support::expect_error(ErrorCode::kFailed, {"not finite"},
                                [&] { parameters_of(std::span(&bad, 1), {}); });
}

}  // namespace
}  // namespace gradus
