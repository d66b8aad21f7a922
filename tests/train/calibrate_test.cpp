#include "gradus/train/calibrate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/fakequant/observer.h"
#include "gradus/prepare/prepare.h"
#include "gradus/train/network.h"
#include "tests/support/expect_error.h"
#include "tests/support/tiny_dataset.h"
#include "tests/train/small_networks.h"

namespace gradus {
namespace {

using testing_support::small_network;
using testing_support::TinyDataset;

Graph prepared(const Recipe& recipe) {
  Graph graph = small_network();
  prepare(graph, recipe);
  return graph;
}

const Quantizer& quantizer_of(const Graph& graph, const std::string& value) {
  return graph.quantizers[static_cast<std::size_t>(graph.value(graph.find_value(value)).quantizer)];
}

TEST(Calibrate, FillsEveryQuantizerWithEveryObserver) {
  for (const ObserverType& observer : observers()) {
    for (int bits : {2, 4, 8}) {
      Recipe recipe = preset_recipe("w" + std::to_string(bits) + "a" + std::to_string(bits));
      recipe.weights.observer = recipe.activations.observer = observer.name;
      if (observer.fixed) recipe.weights.range = recipe.activations.range = {-0.5f, 2.0f};
      Graph graph = prepared(recipe);
      EXPECT_FALSE(is_calibrated(graph));
      calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
      EXPECT_TRUE(is_calibrated(graph)) << observer.name;
      for (const Quantizer& quantizer : graph.quantizers) {
        for (std::size_t c = 0; c < quantizer.parameters.scale.size(); ++c) {
          EXPECT_GT(quantizer.parameters.scale[c], 0.0f);
          EXPECT_TRUE(std::isfinite(quantizer.parameters.scale[c]));
          EXPECT_GE(quantizer.parameters.zero_point[c], quantizer.spec.grid().quant_min);
          EXPECT_LE(quantizer.parameters.zero_point[c], quantizer.spec.grid().quant_max);
        }
      }
    }
  }
}

TEST(Calibrate, TakesOneScaleAnOutputChannelFromTheWeightsExtremes) {
  Recipe recipe = preset_recipe("w8a8");
  recipe.weights.observer = "minmax";
  Graph graph = prepared(recipe);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  const Tensor& weights = *graph.value(graph.find_value("conv1.weight")).constant;
  const Quantizer& quantizer = quantizer_of(graph, "conv1.weight");
  ASSERT_EQ(quantizer.parameters.scale.size(), 6u);
  for (std::size_t c = 0; c < 6; ++c) {
    float largest = 0.0f;
    for (float w : weights.as<float>().subspan(c * 18, 18))
      largest = std::max(largest, std::fabs(w));
    EXPECT_EQ(quantizer.parameters.scale[c], largest / 127.0f);
  }
}

// `low` and the Concat share a quantizer, `high`, which another node reads as well, has its own:
// the shared one spans both, though `low` comes first and is small.
TEST(Calibrate, SpansEveryPartOfAConcat) {
  GraphBuilder b("joined", 1);
  const ValueId x = b.input("input", {-1, 2, 8, 8});
  const ValueId high = b.relu("high", b.conv("conv1", x, 6, {.padding = 1}));
  const ValueId low = b.conv("low", high, 6, {.padding = 1});
  const ValueId joined = b.node("joined", "Concat", {low, high}, {{"axis", std::int64_t{1}}});
  const ValueId y = b.conv("conv2", joined, 6, {.padding = 1});
  const ValueId sum = b.add("sum", y, b.conv("conv3", high, 6, {.padding = 1}));
  Graph graph =
      b.finish(b.linear("fc", b.flatten("flat", b.global_average_pool("pool", sum)), 4), "logits");
  for (float& w : graph.value(graph.find_value("low.weight")).constant->as<float>()) w *= 0.01f;
  const Recipe recipe = preset_recipe("w8a8");
  prepare(graph, recipe);
  ASSERT_EQ(graph.value(graph.find_value("low")).quantizer,
            graph.value(graph.find_value("joined")).quantizer);
  ASSERT_NE(graph.value(graph.find_value("high")).quantizer,
            graph.value(graph.find_value("joined")).quantizer);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  EXPECT_GE(quantizer_of(graph, "joined").parameters.scale[0],
            quantizer_of(graph, "high").parameters.scale[0]);
}

TEST(Calibrate, TakesAGivenRangeAndTrainingLeavesIt) {
  Recipe recipe = preset_recipe("w8a8");
  recipe.overrides.clear();
  recipe.activations.range = {0.0f, 5.1f};
  Graph graph = prepared(recipe);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  EXPECT_FLOAT_EQ(quantizer_of(graph, "relu2").parameters.scale[0], 0.02f);
  Network network(graph);
  network.forward(at::full({4, 2, 8, 8}, 50.0f), {.observe = true});
  network.update_quantizers();
  network.write_to(graph);
  EXPECT_FLOAT_EQ(quantizer_of(graph, "relu2").parameters.scale[0], 0.02f);
}

TEST(Calibrate, KeepsThePercentileOfTheRecipe) {
  Recipe recipe = preset_recipe("w8a8");
  recipe.activations.observer = "percentile";
  float largest = 0.0f;
  for (float percentile : {100.0f, 99.0f, 90.0f}) {
    recipe.activations.percentile = percentile;
    Graph graph = prepared(recipe);
    calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
    const float scale = quantizer_of(graph, "relu2").parameters.scale[0];
    EXPECT_TRUE(largest == 0.0f || scale < largest) << percentile;
    largest = scale;
  }
}

TEST(Calibrate, ChoosesItsSamplesByTheSeedAlone) {
  const CalibrationRecipe recipe{.images = 5, .batch_size = 2, .seed = 3};
  const auto samples = calibration_samples(recipe, 64);
  ASSERT_EQ(samples.size(), 5u);
  EXPECT_EQ(calibration_samples({.images = 5, .batch_size = 64, .seed = 3}, 64), samples);
  EXPECT_NE(calibration_samples({.images = 5, .batch_size = 2, .seed = 4}, 64), samples);
  EXPECT_EQ(calibration_samples({.images = 500, .batch_size = 2, .seed = 3}, 64).size(), 64u);
}

TEST(Calibrate, GivesBinaryWeightsTheirMeanMagnitude) {
  Recipe recipe = preset_recipe("w1a4");
  recipe.overrides.clear();
  Graph graph = prepared(recipe);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  const auto weights = graph.value(graph.find_value("conv2.weight")).constant->as<float>();
  EXPECT_EQ(quantizer_of(graph, "conv2.weight").parameters.scale[1],
            binary_scale(weights.subspan(54, 54)));
}

TEST(Calibrate, PutsTheZeroPointAtZeroAfterARelu) {
  const Recipe recipe = preset_recipe("w8a8");
  Graph graph = prepared(recipe);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  EXPECT_EQ(quantizer_of(graph, "relu2").parameters.zero_point[0], 0);
  EXPECT_GT(quantizer_of(graph, "input").parameters.zero_point[0], 20);  // images go below zero
}

TEST(Calibrate, MakesSymmetricActivationsSignedWhereTheyGoBelowZero) {
  Recipe recipe = preset_recipe("w8a8");
  recipe.activations.symmetric = true;
  Graph graph = prepared(recipe);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  EXPECT_TRUE(quantizer_of(graph, "input").spec.is_signed);
  EXPECT_FALSE(quantizer_of(graph, "relu2").spec.is_signed);
}

TEST(Calibrate, UsesAsManyImagesAsAskedForAndReportsThem) {
  Recipe recipe = preset_recipe("w8a8");
  recipe.calibration.images = 50;
  recipe.calibration.batch_size = 16;
  Graph graph = prepared(recipe);
  std::vector<std::int64_t> seen;
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}), [&](std::int64_t done, std::int64_t all) {
    seen.push_back(done);
    EXPECT_EQ(all, 50);
  });
  EXPECT_EQ(seen, (std::vector<std::int64_t>{16, 32, 48, 50}));
}

TEST(Calibrate, NamesAValueWhoseRangeIsNotFinite) {
  const Recipe recipe = preset_recipe("w8a8");
  Graph graph = prepared(recipe);
  graph.value(graph.find_value("conv2.weight")).constant->as<float>()[5] = INFINITY;
  testing_support::expect_error(ErrorCode::kFailed, {"conv2.weight", "finite"},
                                [&] { calibrate(graph, recipe, TinyDataset(64, {2, 8, 8})); });
}

}  // namespace
}  // namespace gradus
