// Exact evaluation against the scalar interpretation of the converted network, code for code.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

#include "gradus/convert/convert.h"
#include "gradus/prepare/prepare.h"
#include "gradus/runtime/reference.h"
#include "gradus/train/calibrate.h"
#include "gradus/train/evaluate.h"
#include "tests/support/expect_error.h"
#include "tests/support/tiny_dataset.h"
#include "tests/train/small_networks.h"

namespace gradus {
namespace {

using testing_support::random_network;
using testing_support::small_network;
using testing_support::TestRandom;
using testing_support::TinyDataset;

Graph calibrated(Graph graph, const Recipe& recipe) {
  prepare(graph, recipe);
  calibrate(graph, recipe, TinyDataset(32, {2, 8, 8}));
  return graph;
}

// Every tensor of both; how many codes were compared.
std::size_t expect_same_codes(const Graph& graph, Profile profile, float shift = 0.0f) {
  constexpr std::int64_t kBatch = 3;
  auto images = TestRandom(99).normals(kBatch * 128, 0.8f);
  for (float& value : images) value += shift;
  const CodeResult result = CodeEvaluator(graph, profile).run(images, kBatch);
  const QModel model = convert(graph, {.profile = profile, .metadata = {}});
  const auto expected = run_reference(model, images, kBatch);
  std::map<std::string, std::size_t> tensors;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) tensors[model.tensors[i].name] = i;
  std::size_t compared = 0;
  for (const TensorCodes& codes : result.codes) {
    const auto found = tensors.find(codes.name);
    if (found == tensors.end()) continue;
    EXPECT_EQ(codes.codes, expected[found->second].codes)
        << graph.name << ": " << codes.name << " " << profile_name(profile);
    compared += codes.codes.size();
  }
  const TensorReals& logits = result.outputs.at(0);
  const auto& reals = expected[static_cast<std::size_t>(model.outputs[0])].values;
  EXPECT_EQ(logits.reals.size(), reals.size());
  EXPECT_EQ(std::memcmp(logits.reals.data(), reals.data(), reals.size() * sizeof(float)), 0);
  return compared;
}

TEST(CodeEvaluator, EqualsTheScalarInterpretationOfRandomNetworks) {
  for (std::uint64_t stream = 1; stream <= 60; ++stream) {
    const int bits = static_cast<int>(2 + stream % 7);
    Recipe recipe = preset_recipe("w" + std::to_string(bits) + "a" + std::to_string(10 - bits));
    recipe.weights.per_channel = stream % 3 != 0;
    recipe.weights.symmetric = stream % 4 != 0;
    if (stream % 4 == 0) recipe.weights.narrow_range = false;
    if (stream % 5 == 0) recipe.bn = BatchNormMode::kFold;
    const Graph graph = calibrated(random_network(stream), recipe);
    for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
      EXPECT_GT(expect_same_codes(graph, profile), 200u) << graph.name;
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(CodeEvaluator, EqualsItWithBinaryWeights) {
  expect_same_codes(calibrated(small_network(), preset_recipe("w1a1")), Profile::kIeee32);
}

// Positive weights on the first half of the channels and negative on the second: partial sums pass
// 2^24 and come back to a few thousands, where a lost unit is seen.
TEST(CodeEvaluator, ComputesInDoubleWhereSumsPassWhatFloatHolds) {
  GraphBuilder b("wide", 1);
  const ValueId x = b.input("input", {-1, 2, 8, 8});
  const ValueId y = b.relu("relu", b.conv("conv1", x, 512, {.kernel = 1}));
  Graph graph = b.finish(b.conv("conv2", y, 32, {.padding = 1}), "sums");
  TestRandom random;
  const auto weights = [&](const char* name) {
    return graph.value(graph.find_value(name)).constant->as<float>();
  };
  for (float& w : weights("conv1.weight")) w = random.rng().uniform(0.5f, 0.501f);
  const auto wide = weights("conv2.weight");
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const bool first_half = i % (512 * 9) < 256 * 9;
    wide[i] = (first_half ? 0.3f : -0.3f) + random.rng().uniform(-0.01f, 0.01f);
  }
  const Graph prepared = calibrated(graph, preset_recipe("w8a8"));
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    expect_same_codes(prepared, profile, 2.5f);
  }
}

TEST(CodeEvaluator, DependsNeitherOnTheBatchNorOnTheOrder) {
  const Graph graph = calibrated(small_network(), preset_recipe("w4a4"));
  const CodeEvaluator evaluator(graph, Profile::kIeee32);
  const auto images = TestRandom(5).normals(6 * 128);
  const std::vector<float> all = evaluator.logits(images, 6);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto one = evaluator.logits(std::span(images).subspan(i * 128, 128), 1);
    EXPECT_TRUE(
        std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(i * 4)));
  }
}

TEST(CodeEvaluator, GivesEveryValueWithAQuantizerOnItsGrid) {
  const Graph graph = calibrated(small_network(), preset_recipe("w4a4"));
  const auto result =
      CodeEvaluator(graph, Profile::kIeee32).run(TestRandom(6).normals(128, 9.0f), 1);
  std::size_t expected = 0;
  for (const Value& value : graph.values) {
    expected += !value.constant && value.quantizer != kNoQuantizer ? 1u : 0u;
  }
  EXPECT_EQ(result.codes.size(), expected);
  for (const TensorCodes& codes : result.codes) {
    const Value& value = graph.value(graph.find_value(codes.name));
    const Grid grid = graph.quantizers[static_cast<std::size_t>(value.quantizer)].spec.grid();
    for (std::int32_t code : codes.codes) {
      ASSERT_GE(code, grid.quant_min);
      ASSERT_LE(code, grid.quant_max);
    }
  }
}

TEST(CodeEvaluator, StaysCloseToTheFakeQuantNetwork) {
  const Graph graph = calibrated(small_network(), preset_recipe("w8a8"));
  const auto images = TestRandom(8).normals(4 * 128, 0.7f);
  const auto exact = CodeEvaluator(graph, Profile::kIeee32).logits(images, 4);
  const auto fake = run_reals(graph, EvalMode::kFakeQuant, images, 4).back().reals;
  ASSERT_EQ(exact.size(), fake.size());
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(exact[i], fake[i], 0.05f);
}

TEST(CodeEvaluator, RunsNodesWithoutIntegerFormInFloat) {
  GraphBuilder b("island", 1);
  ValueId x = b.input("input", {-1, 2, 8, 8});
  x = b.conv("conv1", x, 4, {.padding = 1});
  x = b.node("square", "Mul", {x, x});
  x = b.flatten("flatten", b.global_average_pool("gap", b.conv("conv2", x, 4, {.padding = 1})));
  const Graph graph = calibrated(b.finish(b.linear("fc", x, 4), "logits"), preset_recipe("w8a8"));
  const auto images = TestRandom(9).normals(2 * 128, 0.7f);
  const auto exact = CodeEvaluator(graph, Profile::kIeee32).logits(images, 2);
  const auto fake = run_reals(graph, EvalMode::kFakeQuant, images, 2).back().reals;
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(exact[i], fake[i], 0.05f);
}

TEST(CodeEvaluator, RefusesImagesOfAnotherSize) {
  const Graph graph = calibrated(small_network(), preset_recipe("w4a4"));
  const std::vector<float> images(127);
  testing_support::expect_error(ErrorCode::kInvalidArgument, {"127", "small"},
                                [&] { CodeEvaluator(graph, Profile::kIeee32).logits(images, 1); });
}

TEST(Evaluate, CountsHitsAndLoss) {
  const Graph graph = calibrated(small_network(), preset_recipe("w8a8"));
  const TinyDataset data(50, {2, 8, 8});
  for (EvalMode mode : {EvalMode::kFloat, EvalMode::kFakeQuant, EvalMode::kCodes}) {
    EvalOptions options;
    options.mode = mode;
    options.batch_size = 7;
    const Accuracy accuracy = evaluate(graph, data, options);
    EXPECT_EQ(accuracy.images, 50);
    EXPECT_GE(accuracy.top1, 0.0);
    EXPECT_EQ(accuracy.top5, 1.0);  // four classes
    EXPECT_GT(accuracy.loss, 0.1);
    EXPECT_LT(accuracy.loss, 10.0);
  }
}

TEST(Evaluate, RefusesDataThatDoesNotFit) {
  const Graph graph = calibrated(small_network(), preset_recipe("w8a8"));
  testing_support::expect_error(ErrorCode::kInvalidArgument, {"[?, 2, 8, 8]", "3"},
                                [&] { evaluate(graph, TinyDataset(4, {3, 8, 8}), {}); });
}

}  // namespace
}  // namespace gradus
