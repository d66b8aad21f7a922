#include "gradus/train/network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "gradus/graph/op.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/prepare.h"
#include "gradus/train/calibrate.h"
#include "gradus/train/evaluate.h"
#include "tests/support/expect_error.h"
#include "tests/support/tiny_dataset.h"
#include "tests/train/small_networks.h"

namespace gradus {
namespace {

using testing_support::small_network;
using testing_support::TestRandom;
using testing_support::TinyDataset;

Graph prepared(const std::string& preset, std::uint64_t seed = 1) {
  Graph graph = small_network(seed);
  TestRandom random(seed);
  testing_support::disturb_batch_norms(graph, random);
  const Recipe recipe = preset_recipe(preset);
  prepare(graph, recipe);
  if (recipe.quantize) calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  return graph;
}

at::Tensor images(std::int64_t n = 8) {
  return at::tensor(TestRandom(7).normals(static_cast<std::size_t>(n) * 128), at::kFloat)
      .reshape({n, 2, 8, 8})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

TEST(TrainOps, HaveUniqueNamesAndCoverEveryOperatorWithAnIntegerForm) {
  std::set<std::string> names;
  for (const TrainOpFamily& family : train_ops()) {
    for (const TrainOp& op : family) EXPECT_TRUE(names.insert(op.op).second) << op.op;
  }
  for (const IntegerOp& op : integer_ops()) {
    const std::string name = op.op;
    if (name == "activation" || name == "movement") continue;  // train/group_codes.h
    Node node;
    node.op = name;
    EXPECT_NE(find_train_op(node).codes, nullptr) << op.op;
  }
}

TEST(TrainOps, CoverWhatANetworkInNormalFormHolds) {
  // These are folded or become others while a network is imported.
  const std::set<std::string> gone = {"Range", "Constant", "ConstantOfShape", "Shape", "Dropout",
                                      "Sum",   "Mean",     "Upsample"};
  // Of several outputs, or of networks that came quantized.
  const std::set<std::string> untrained = {"Split",
                                           "Quant",
                                           "QuantizeLinear",
                                           "QLinearConv",
                                           "QLinearMatMul",
                                           "MatMulInteger",
                                           "DequantizeLinear",
                                           "ConvInteger",
                                           "DynamicQuantizeLinear"};
  for (const GraphOpFamily& family : graph_ops()) {
    for (const GraphOp& op : family) {
      Node node;
      node.op = op.type;
      if (!gone.contains(op.type) && !untrained.contains(op.type)) {
        EXPECT_NO_THROW(find_train_op(node)) << op.type;
      }
    }
  }
}

TEST(Network, NamesANodeThatItCannotRun) {
  Graph graph = small_network();
  graph.nodes[2].op = "LSTM";
  testing_support::expect_error(ErrorCode::kUnsupported, {graph.nodes[2].name, "LSTM", "Conv"},
                                [&] { Network network(graph); });
}

// One channel of four pixels by hand: mean 2.5, variance 1.25 (unbiased 5/3), epsilon 0.
TEST(Network, NormalizesByTheBatchAndMovesTheStatisticsByOnnxsMomentum) {
  GraphBuilder b("bn", 1);
  const ValueId x = b.input("input", {-1, 1, 2, 2});
  const ValueId y = b.node("bn", "BatchNormalization",
                           {x, b.constant("g", {1}, {2.0f}), b.constant("b", {1}, {0.5f}),
                            b.constant("m", {1}, {1.0f}), b.constant("v", {1}, {4.0f})},
                           {{"epsilon", 0.0f}, {"momentum", 0.75f}});
  const Graph graph = b.finish(y, "y");
  Network network(graph);
  const at::Tensor batch = at::tensor({1.0f, 2.0f, 3.0f, 4.0f}).reshape({1, 1, 2, 2});
  const at::NoGradGuard no_grad;
  const at::Tensor evaluated = network.forward(batch, {});
  EXPECT_NEAR(evaluated.flatten()[3].item<float>(), 2.0f * (4 - 1) / 2 + 0.5f, 1e-6f);
  const at::Tensor trained = network.forward(batch, {.batch_statistics = true});
  EXPECT_NEAR(trained.flatten()[0].item<float>(), 2.0f * -1.5f / std::sqrt(1.25f) + 0.5f, 1e-5f);
  EXPECT_NEAR(network.buffers()[0].tensor.item<float>(), 0.75f * 1.0f + 0.25f * 2.5f, 1e-6f);
  EXPECT_NEAR(network.buffers()[1].tensor.item<float>(), 0.75f * 4.0f + 0.25f * 5.0f / 3, 1e-6f);
}

TEST(Network, AveragesTheStatisticsOfSeveralBatches) {
  const Graph graph = prepared("float");
  Network network(graph);
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> means;
  for (int i = 1; i <= 3; ++i) {
    Network single(graph);
    single.forward(images(8) * i, {.batch_statistics = true, .average_over = 1});
    means.push_back(single.buffers()[0].tensor.clone());
    network.forward(images(8) * i, {.batch_statistics = true, .average_over = i});
  }
  const at::Tensor expected = (means[0] + means[1] + means[2]) / 3;
  EXPECT_TRUE(at::allclose(network.buffers()[0].tensor, expected, 1e-5, 1e-6));
}

TEST(Network, TrainsWeightsAffinesAndLearnedScalesAndNothingElse) {
  const Graph graph = prepared("w4a4");
  Network network(graph);
  network.forward(images(), {.batch_statistics = true}).square().sum().backward();
  int scales = 0;
  for (const auto& parameter : network.parameters()) {
    EXPECT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
    scales += parameter.kind == Network::Kind::kScale ? 1 : 0;
  }
  EXPECT_GT(scales, 3);
  for (const auto& buffer : network.buffers()) EXPECT_FALSE(buffer.tensor.requires_grad());
}

TEST(Network, WritesBackWhatItRead) {
  Graph graph = prepared("w4a4");
  const Graph before = graph;
  Network(graph).write_to(graph);
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    if (!graph.values[i].constant) continue;
    const auto a = graph.values[i].constant->bytes();
    const auto b = before.values[i].constant->bytes();
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << graph.values[i].name;
  }
  for (std::size_t q = 0; q < graph.quantizers.size(); ++q) {
    EXPECT_EQ(graph.quantizers[q].parameters, before.quantizers[q].parameters);
  }
}

TEST(Network, RefusesToQuantizeBeforeCalibration) {
  Graph graph = small_network();
  prepare(graph, preset_recipe("w4a4"));
  Network network(graph);
  EXPECT_NO_THROW(network.forward(images(), {.quantize = false}));
  testing_support::expect_error(ErrorCode::kInvalidArgument, {"calibrate"},
                                [&] { network.forward(images(), {}); });
}

TEST(Network, KeepsLearnedScalesWithinAFactorOfTwoAStep) {
  const Graph graph = prepared("w4a4");
  Network network(graph);
  const auto before = network.remember_scales();
  {
    const at::NoGradGuard no_grad;
    for (const auto& parameter : network.parameters()) {
      if (parameter.kind == Network::Kind::kScale) parameter.tensor.mul_(-3.0);
    }
  }
  network.limit_scales(before);
  const auto after = network.remember_scales();
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_TRUE(at::equal(after[i], before[i] * 0.5));
}

TEST(FollowedRanges, OfWeightsAreTakenFromTheWeightsEveryStep) {
  Recipe recipe = preset_recipe("w8a8");
  recipe.weights.observer = "minmax";
  Graph graph = small_network();
  prepare(graph, recipe);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  Network network(graph);
  {
    const at::NoGradGuard no_grad;
    network.parameters()[0].tensor.mul_(2.0);
  }
  ASSERT_EQ(network.parameters()[0].kind, Network::Kind::kWeights);
  network.update_quantizers();
  Graph after = graph;
  network.write_to(after);
  const auto id = graph.find_value(network.parameters()[0].name);
  const auto q = static_cast<std::size_t>(graph.value(id).quantizer);
  for (std::size_t c = 0; c < graph.quantizers[q].parameters.scale.size(); ++c) {
    EXPECT_NEAR(after.quantizers[q].parameters.scale[c],
                2 * graph.quantizers[q].parameters.scale[c], 1e-6);
  }
}

TEST(FollowedRanges, OfActivationsMoveByTheAveragingConstant) {
  Recipe recipe = preset_recipe("w8a8");
  recipe.activations.averaging_constant = 0.5f;
  Graph graph = small_network();
  prepare(graph, recipe);
  calibrate(graph, recipe, TinyDataset(64, {2, 8, 8}));
  Network network(graph);
  const auto q = static_cast<std::size_t>(graph.value(graph.inputs[0]).quantizer);
  const auto range = [&] { return network.quantizers()[q].fake.scale.item<float>() * 255.0f; };
  const float before = range();
  const at::NoGradGuard no_grad;
  const at::Tensor wide = images() * 10.0;
  network.forward(wide, {.observe = true});
  network.update_quantizers();
  const float seen = wide.max().item<float>() - wide.min().item<float>();
  EXPECT_NEAR(range(), 0.5f * before + 0.5f * seen, 1e-3f * seen);
}

TEST(Network, GivesTheSameInFloatWithAndWithoutPreparation) {
  Graph imported = small_network();
  TestRandom random(3);
  testing_support::disturb_batch_norms(imported, random);
  Graph graph = imported;
  prepare(graph, preset_recipe("w4a4"));
  const at::NoGradGuard no_grad;
  const at::Tensor a = Network(imported).forward(images(), {.quantize = false});
  const at::Tensor b = Network(graph).forward(images(), {.quantize = false});
  EXPECT_TRUE(at::allclose(a, b, 1e-5, 1e-5));
}

}  // namespace
}  // namespace gradus
