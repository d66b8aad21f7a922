#include "gradus/prepare/prepare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "gradus/base/error.h"
#include "gradus/graph/fused.h"
#include "gradus/prepare/check_network.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/unfuse.h"
#include "tests/prepare/networks.h"

namespace gradus {
namespace {

using testing_networks::Builder;
using testing_networks::residual_network;

const Node& node_of(const Graph& graph, const std::string& name) {
  for (const Node& node : graph.nodes) {
    if (node.name == name) return node;
  }
  throw std::runtime_error("no node " + name);
}

std::set<std::string> node_names(const Graph& graph) {
  std::set<std::string> names;
  for (const Node& node : graph.nodes) names.insert(node.name);
  return names;
}

// Bits of the quantizer of a node's output; 0 if it stays float.
int output_bits(const Graph& graph, const std::string& node) {
  const QuantizerId id = graph.value(node_of(graph, node).outputs[0]).quantizer;
  return id == kNoQuantizer ? 0 : graph.quantizers[static_cast<std::size_t>(id)].spec.bits;
}

QuantizerId output_quantizer(const Graph& graph, const std::string& node) {
  return graph.value(node_of(graph, node).outputs[0]).quantizer;
}

Recipe recipe_of(int bits) {
  Recipe recipe;
  recipe.weights.bits = bits;
  recipe.activations.bits = bits;
  return recipe;
}

Recipe float_recipe() {
  Recipe recipe;
  recipe.quantize = false;
  return recipe;
}

std::string message_of(Graph graph, const Recipe& recipe) {
  try {
    prepare(graph, recipe);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Prepare, FusesAResidualNetworkToItsIntegerNodes) {
  Graph graph = residual_network();
  prepare(graph, recipe_of(4));
  EXPECT_EQ(node_names(graph),
            (std::set<std::string>{"stem", "a.conv1", "a.conv2", "a.add", "b.cut", "b.pad",
                                   "b.conv1", "b.conv2", "b.add", "pool", "flat", "fc"}));
  EXPECT_EQ(fused_clamp(node_of(graph, "a.add")).min, 0.0f);
  EXPECT_EQ(fused_clamp(node_of(graph, "stem")).min, 0.0f);
  EXPECT_FALSE(fused_clamp(node_of(graph, "a.conv2")).any());
  EXPECT_TRUE(islands(graph).empty());
}

TEST(Prepare, KeepsBatchNormSeparateWithItsEpsilonAndMomentum) {
  for (const Recipe& recipe : {recipe_of(4), float_recipe()}) {
    Graph graph = residual_network();
    prepare(graph, recipe);
    const Node& stem = node_of(graph, "stem");
    ASSERT_EQ(stem.inputs.size(), 7u);
    EXPECT_EQ(stem.inputs[2], kNoValue);
    EXPECT_EQ(graph.value(stem.inputs[3]).name, "stem.bn.gamma");
    EXPECT_EQ(graph.value(stem.inputs[6]).name, "stem.bn.variance");
    EXPECT_EQ(stem.real("bn_epsilon", 0), 1e-3f);
    EXPECT_EQ(stem.real("bn_momentum", 0), 0.9f);
    EXPECT_EQ(graph.value(stem.outputs[0]).name, "stem.relu.out");
  }
}

TEST(Prepare, FloatTrainingGetsNoQuantizers) {
  Graph graph = residual_network();
  prepare(graph, float_recipe());
  EXPECT_TRUE(graph.quantizers.empty());
  EXPECT_TRUE(islands(graph).empty());
}

TEST(FoldBatchNorm, MultipliesWeightsAndMovesTheMeanIntoTheBias) {
  Builder b;
  const ValueId x = b.input("x", {-1, 2, 4, 4});
  b.graph.outputs = {b.batch_norm("bn", b.conv("conv", x, 3, 1, 1, true), -1.5f)};
  Graph separate = b.graph;
  Graph folded = b.graph;
  Recipe recipe = recipe_of(8);
  prepare(separate, recipe);
  recipe.bn = BatchNormMode::kFold;
  prepare(folded, recipe);
  const LinearConstants c = linear_constants(separate, node_of(separate, "conv"));
  const LinearConstants f = linear_constants(folded, node_of(folded, "conv"));
  ASSERT_NE(c.gamma, nullptr);
  EXPECT_EQ(f.gamma, nullptr);
  for (std::size_t o = 0; o < 3; ++o) {
    const double deviation =
        std::sqrt(double{c.variance->constant->as<float>()[o]} + double{1e-3f});
    const double gain = double{c.gamma->constant->as<float>()[o]} / deviation;
    for (std::size_t k = 2 * o; k < 2 * o + 2; ++k) {
      EXPECT_EQ(f.weights->constant->as<float>()[k],
                static_cast<float>(double{c.weights->constant->as<float>()[k]} * gain));
    }
    const double moved =
        (double{c.bias->constant->as<float>()[o]} - double{c.mean->constant->as<float>()[o]}) *
            gain +
        double{c.beta->constant->as<float>()[o]};
    EXPECT_EQ(f.bias->constant->as<float>()[o], static_cast<float>(moved));
  }
}

TEST(FoldBatchNorm, MakesADepthwiseConvOfABatchNormThatStandsAlone) {
  for (BatchNormMode mode : {BatchNormMode::kSeparate, BatchNormMode::kFold}) {
    Builder b;
    ValueId x = b.input("x", {-1, 2, 4, 4});
    x = b.conv("first", x, 3);
    const ValueId y = b.relu("relu", b.batch_norm("bn", x));
    b.graph.outputs = {b.conv("last", b.add("add", x, y), 3)};
    Recipe recipe = recipe_of(4);
    recipe.bn = mode;
    recipe.overrides = {{"io:first", false, {.bits = 7}, {.bits = 7}}};
    prepare(b.graph, recipe);
    const Node& conv = node_of(b.graph, "bn.unit");
    EXPECT_EQ(conv.integer("group", 0), 3);
    // What normal form has, an island asks for.
    EXPECT_EQ(conv.integers("strides", {}), (std::vector<std::int64_t>{1, 1}));
    EXPECT_EQ(conv.integers("dilations", {}), (std::vector<std::int64_t>{1, 1}));
    EXPECT_EQ(conv.integers("pads", {}), (std::vector<std::int64_t>{0, 0, 0, 0}));
    EXPECT_EQ(fused_clamp(conv).min, 0.0f);
    EXPECT_EQ(conv.inputs.size(), mode == BatchNormMode::kFold ? 3u : 7u);
    EXPECT_TRUE(islands(b.graph).empty());
    const auto quantizer = b.graph.value(node_of(b.graph, "first").inputs[1]).quantizer;
    EXPECT_EQ(b.graph.quantizers[static_cast<std::size_t>(quantizer)].spec.bits, 7);
  }
}

TEST(FoldBatchNorm, RefusesAVarianceThatIsNotPositive) {
  Builder b;
  const ValueId x = b.input("x", {-1, 2, 4, 4});
  b.graph.outputs = {b.batch_norm("bn", b.conv("conv", x, 3))};
  b.graph.value(b.graph.find_value("bn.variance")).constant->as<float>()[1] = -1.0f;
  Recipe recipe = recipe_of(8);
  recipe.bn = BatchNormMode::kFold;
  EXPECT_NE(message_of(b.graph, recipe).find("node 'conv' (Conv): the batch norm's channel 1"),
            std::string::npos);
}

TEST(OwnConstants, SeparatesWeightsThatTwoLayersShare) {
  Builder b;
  ValueId x = b.input("x", {-1, 2, 4, 4});
  x = b.conv("one", x, 2);
  x = b.batch_norm("bn", b.conv("two", x, 2));
  b.graph.outputs = {x};
  b.graph.nodes[1].inputs[1] = b.graph.nodes[0].inputs[1];
  Recipe recipe = recipe_of(8);
  recipe.bn = BatchNormMode::kFold;
  prepare(b.graph, recipe);
  EXPECT_NE(b.graph.nodes[0].inputs[1], b.graph.nodes[1].inputs[1]);
  EXPECT_NE(b.graph.value(b.graph.nodes[0].inputs[1]).constant->as<float>()[0],
            b.graph.value(b.graph.nodes[1].inputs[1]).constant->as<float>()[0]);
}

TEST(RemoveIdentities, KeepsTheNamesOfOutputs) {
  Builder b;
  ValueId x = b.input("x", {-1, 2, 4, 4});
  x = b.node("same", "Identity", {x}, {-1, 2, 4, 4});
  x = b.node("drop", "Identity", {b.conv("conv", x, 2)}, {-1, 2, 4, 4});
  b.graph.outputs = {x};
  prepare(b.graph, recipe_of(8));
  EXPECT_EQ(node_names(b.graph), std::set<std::string>{"conv"});
  EXPECT_EQ(b.graph.value(b.graph.outputs[0]).name, "drop.out");
}

TEST(MergePads, JoinsAPadByZerosWithTheConvolutionBehindIt) {
  Builder b;
  ValueId x = b.input("x", {-1, 2, 4, 4});
  x = b.pad("pad", x, {0, 0, 1, 2, 0, 0, 3, 4});
  b.graph.outputs = {b.conv("conv", x, 2)};
  prepare(b.graph, recipe_of(8));
  EXPECT_EQ(node_names(b.graph), std::set<std::string>{"conv"});
  EXPECT_EQ(node_of(b.graph, "conv").integers("pads", {}), (std::vector<std::int64_t>{2, 3, 4, 5}));
}

TEST(MergePads, LeavesAPadBeforeAMaximumPool) {
  Builder b;
  ValueId x = b.input("x", {-1, 2, 4, 4});
  x = b.pad("pad", x, {0, 0, 1, 1, 0, 0, 1, 1});
  b.graph.outputs = {b.conv("conv", b.max_pool("pool", x), 2)};
  prepare(b.graph, recipe_of(8));
  EXPECT_TRUE(node_names(b.graph).contains("pad"));
}

TEST(FuseActivation, ComposesClampsAndReachesThroughAMaximumPool) {
  Builder b;
  ValueId x = b.input("x", {-1, 2, 4, 4});
  x = b.max_pool("pool", b.conv("conv", x, 2));
  x = b.relu("relu", x);
  x = b.node("clip", "Clip", {x}, {-1, 2, 2, 2}, {{"min", -1.0f}, {"max", 6.0f}});
  b.graph.outputs = {b.conv("last", x, 2)};
  prepare(b.graph, recipe_of(8));
  EXPECT_EQ(node_names(b.graph), (std::set<std::string>{"conv", "pool", "last"}));
  EXPECT_EQ(fused_clamp(node_of(b.graph, "conv")).min, 0.0f);
  EXPECT_EQ(fused_clamp(node_of(b.graph, "conv")).max, 6.0f);
}

TEST(FuseActivation, LeavesAResultThatLeavesTheNetworkToo) {
  Builder b;
  const ValueId x = b.conv("conv", b.input("x", {-1, 2, 4, 4}), 2);
  b.graph.outputs = {x, b.conv("last", b.relu("relu", x), 2)};
  prepare(b.graph, recipe_of(8));
  EXPECT_TRUE(node_names(b.graph).contains("relu"));
}

TEST(FuseActivation, LeavesAResultThatIsReadBeforeItToo) {
  Builder b;
  const ValueId x = b.conv("conv", b.input("x", {-1, 2, 4, 4}), 2);
  b.graph.outputs = {b.conv("last", b.add("add", x, b.relu("relu", x)), 2)};
  prepare(b.graph, recipe_of(8));
  EXPECT_TRUE(node_names(b.graph).contains("relu"));
  EXPECT_FALSE(fused_clamp(node_of(b.graph, "conv")).any());
  // x + max(x, 0) is a function of x: one table.
  EXPECT_TRUE(is_inner(node_of(b.graph, "relu")));
  EXPECT_EQ(output_bits(b.graph, "relu"), 0);
  EXPECT_GT(output_bits(b.graph, "add"), 0);
}

TEST(InsertQuantizers, QuantizesEveryTensorThatIntegersMaterialise) {
  Graph graph = residual_network();
  Recipe recipe = recipe_of(4);
  recipe.overrides = {{"io:first", false, {.bits = 8}, {.bits = 8}},
                      {"io:last", false, {.bits = 8}, {.bits = 8}},
                      {"type:Add", false, {}, {.bits = 6}}};
  prepare(graph, recipe);
  const auto bits_of = [&](const std::string& value) {
    const QuantizerId id = graph.value(graph.find_value(value)).quantizer;
    return graph.quantizers[static_cast<std::size_t>(id)].spec.bits;
  };
  EXPECT_EQ(bits_of("image"), 8);
  EXPECT_EQ(bits_of("stem.weight"), 8);
  EXPECT_EQ(bits_of("fc.weight"), 8);
  EXPECT_EQ(bits_of("a.conv1.weight"), 4);
  EXPECT_EQ(output_bits(graph, "stem"), 4);     // a convolution and an addition read it
  EXPECT_EQ(output_bits(graph, "a.conv2"), 6);  // only an addition reads it
  EXPECT_EQ(output_bits(graph, "a.add"), 4);
  EXPECT_EQ(output_bits(graph, "b.add"), 4);  // only the pool reads it
  EXPECT_EQ(output_bits(graph, "pool"), 8);   // the last layer reads it, flattened
  EXPECT_EQ(output_bits(graph, "fc"), 0);     // logits leave as float
  EXPECT_EQ(output_quantizer(graph, "pool"), output_quantizer(graph, "flat"));
  EXPECT_EQ(output_quantizer(graph, "a.add"), output_quantizer(graph, "b.pad"));
  EXPECT_EQ(output_quantizer(graph, "a.add"), output_quantizer(graph, "b.cut"));
}

TEST(InsertQuantizers, GivesAValueTheMostBitsOfTheLayersThatReadIt) {
  for (const char* generous : {"left", "right"}) {
    Builder b;
    const ValueId x = b.conv("stem", b.input("x", {-1, 2, 4, 4}), 4);
    b.graph.outputs = {b.conv("left", x, 2), b.conv("right", x, 2)};
    Recipe recipe = recipe_of(4);
    recipe.overrides = {{generous, false, {}, {.bits = 6}}};
    prepare(b.graph, recipe);
    EXPECT_EQ(output_bits(b.graph, "stem"), 6);
  }
}

TEST(InsertQuantizers, GivesWeightsTheConventionsOfTheField) {
  Graph graph = residual_network();
  prepare(graph, Recipe{});
  const auto& weights = graph.value(graph.find_value("stem.weight"));
  const Quantizer& q = graph.quantizers[static_cast<std::size_t>(weights.quantizer)];
  EXPECT_EQ(q.spec, (QuantizerSpec{.bits = 8,
                                   .is_signed = true,
                                   .symmetric = true,
                                   .narrow_range = true,
                                   .per_channel = true,
                                   .axis = 0}));
  EXPECT_EQ(q.observer, "minmax");
  EXPECT_TRUE(q.parameters.scale.empty());
  const Quantizer& x = graph.quantizers[static_cast<std::size_t>(output_quantizer(graph, "stem"))];
  EXPECT_EQ(x.spec, QuantizerSpec{});
  EXPECT_EQ(x.observer, "moving_average_minmax");
  EXPECT_EQ(x.averaging_constant, 0.01f);
}

TEST(InsertQuantizers, SharesOneQuantizerAmongWhatAConcatJoins) {
  Builder b;
  const ValueId x = b.conv("stem", b.input("x", {-1, 2, 4, 4}), 4);
  const ValueId left = b.conv("left", x, 2);
  const ValueId right = b.conv("right", x, 2);
  const ValueId joined = b.concat("join", {left, right});
  const ValueId again = b.concat("again", {joined, x});
  b.graph.outputs = {b.conv("last", b.add("add", again, again), 2)};
  prepare(b.graph, recipe_of(4));
  EXPECT_EQ(output_quantizer(b.graph, "left"), output_quantizer(b.graph, "right"));
  EXPECT_EQ(output_quantizer(b.graph, "left"), output_quantizer(b.graph, "again"));
  // `stem` is read by convolutions too, so it keeps its own range.
  EXPECT_NE(output_quantizer(b.graph, "stem"), output_quantizer(b.graph, "again"));
}

TEST(InsertQuantizers, TheLastOverrideWinsFieldByField) {
  Graph graph = residual_network();
  Recipe recipe = recipe_of(4);
  recipe.overrides = {{"a.*", false, {.bits = 3, .observer = "minmax"}, {}},
                      {"re:conv2$", false, {.bits = 5}, {}},
                      {"a.conv2", false, {.per_channel = false}, {}}};
  prepare(graph, recipe);
  const auto quantizer = [&](const std::string& node) {
    const auto id = graph.value(node_of(graph, node).inputs[1]).quantizer;
    return graph.quantizers[static_cast<std::size_t>(id)];
  };
  EXPECT_EQ(quantizer("a.conv1").spec.bits, 3);
  EXPECT_EQ(quantizer("a.conv2").spec.bits, 5);
  EXPECT_EQ(quantizer("a.conv2").observer, "minmax");
  EXPECT_FALSE(quantizer("a.conv2").spec.per_channel);
  EXPECT_EQ(quantizer("b.conv2").spec.bits, 5);
  EXPECT_EQ(quantizer("b.conv1").spec.bits, 4);
}

TEST(InsertQuantizers, RefusesSelectorsThatMatchNothing) {
  Recipe recipe = recipe_of(4);
  recipe.overrides = {{"a.conv3", false, {}, {}}, {"type:Conv1", true, {}, {}}};
  recipe.ignored_scope = {"type:Mul"};
  const std::string message = message_of(residual_network(), recipe);
  EXPECT_NE(message.find("overrides[0]: 'a.conv3' matches no node of the network; did you mean "
                         "'a.conv"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("\nignored_scope[0]: 'type:Mul'"), std::string::npos) << message;
  EXPECT_EQ(message.find("overrides[1]"), std::string::npos) << message;
}

TEST(InsertQuantizers, RefusesWeightsThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), INFINITY, -INFINITY}) {
    Graph graph = residual_network();
    const Node conv = node_of(graph, "b.conv1");
    graph.value(conv.inputs[1]).constant->as<float>().back() = bad;
    const std::string message = message_of(graph, recipe_of(4));
    EXPECT_NE(message.find("node 'b.conv1' (Conv): its weights"), std::string::npos) << message;
    prepare(graph, float_recipe());  // which needs no grid
  }
}

TEST(InsertQuantizers, LeavesIgnoredNodesFloat) {
  Graph graph = residual_network();
  Recipe recipe = recipe_of(4);
  recipe.ignored_scope = {"fc"};
  prepare(graph, recipe);
  EXPECT_EQ(graph.value(graph.find_value("fc.weight")).quantizer, kNoQuantizer);
  EXPECT_EQ(output_bits(graph, "pool"), 0);
  EXPECT_EQ(output_bits(graph, "flat"), 0);
  const auto found = islands(graph);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].node, "fc");
}

TEST(InsertQuantizers, QuantizesWeightsAloneWhereActivationsStayFloat) {
  Graph graph = residual_network();
  Recipe recipe = recipe_of(4);
  recipe.activations.bits = 32;
  prepare(graph, recipe);
  for (const Value& value : graph.values) {
    EXPECT_EQ(value.quantizer != kNoQuantizer, value.name.ends_with(".weight")) << value.name;
  }
  EXPECT_TRUE(check_network(residual_network(), recipe).empty());
}

TEST(CheckNetwork, FindsNothingWrongWithAResidualNetwork) {
  EXPECT_TRUE(check_network(residual_network(), recipe_of(4)).empty());
}

TEST(CheckNetwork, ReportsEveryProblemAtOnce) {
  Builder b;
  ValueId x = b.conv("conv", b.input("x", {-1, 2, 4, 4}), 2);
  x = b.node("act", "InstanceNormalization", {x}, {-1, 2, 4, 4});
  x = b.conv("conv2", x, 2);
  x = b.node("rows", "Concat", {x, x}, {-1, 2, 8, 4}, {{"axis", std::int64_t{2}}});
  x = b.node("soft", "Softmax", {b.gemm("fc", b.flatten("flat", x), 3)}, {-1, 3});
  b.graph.outputs = {x};
  Recipe recipe = recipe_of(4);
  recipe.overrides = {{"conv3", false, {}, {}}};
  recipe.islands = false;
  const auto problems = check_network(b.graph, recipe);
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_EQ(problems[0].rule, "selector");
  EXPECT_EQ(problems[1].node, "act");
  EXPECT_EQ(problems[2].node, "rows");
  EXPECT_EQ(
      to_string(problems[2]),
      "node 'rows' (Concat, [?, 2, 8, 4]): joins [?, 2, 4, 4] along axis 2; expected maps or "
      "vectors along axis 1, the channels; replace it in the network, or cut the network before "
      "it [integer-form]");
  EXPECT_EQ(problems[3].op, "Softmax");
}

TEST(Unfuse, GivesBackNodesThatFuseToTheSame) {
  Builder b;
  ValueId x = b.input("x", {-1, 2, 4, 4});
  x = b.relu("relu", b.batch_norm("bn", b.conv("one", x, 3)));
  x = b.node("six", "Clip", {b.conv("two", x, 3)}, {-1, 3, 4, 4}, {{"min", 0.0f}, {"max", 6.0f}});
  x = b.node("below", "Clip", {b.conv("three", x, 3)}, {-1, 3, 4, 4}, {{"max", 1.0f}});
  b.graph.outputs = {b.conv("last", x, 2)};
  prepare(b.graph, float_recipe());
  Graph again = b.graph;
  unfuse(again);
  EXPECT_EQ(node_names(again),
            (std::set<std::string>{"one", "one.bn", "one.activation", "two", "two.activation",
                                   "three", "three.activation", "last"}));
  prepare(again, float_recipe());
  ASSERT_EQ(again.nodes.size(), b.graph.nodes.size());
  for (std::size_t i = 0; i < again.nodes.size(); ++i) {
    const Node& before = b.graph.nodes[i];
    const Node& after = again.nodes[i];
    EXPECT_EQ(after.name, before.name);
    EXPECT_EQ(fused_clamp(after).min, fused_clamp(before).min);
    EXPECT_EQ(fused_clamp(after).max, fused_clamp(before).max);
    EXPECT_EQ(after.real("bn_epsilon", 0), before.real("bn_epsilon", 0));
    ASSERT_EQ(after.inputs.size(), before.inputs.size());
    for (std::size_t k = 0; k < after.inputs.size(); ++k) {
      if (before.inputs[k] == kNoValue) continue;
      EXPECT_EQ(again.value(after.inputs[k]).name, b.graph.value(before.inputs[k]).name);
    }
  }
}

TEST(PreparePasses, AreNamedAndRunTwiceWithoutChange) {
  std::set<std::string> names;
  for (const Pass& pass : prepare_passes()) {
    EXPECT_TRUE(names.insert(pass.name).second) << pass.name;
    EXPECT_FALSE(pass.summary.empty());
  }
  Graph once = residual_network();
  prepare(once, float_recipe());
  Graph twice = once;
  prepare(twice, float_recipe());
  EXPECT_EQ(node_names(once), node_names(twice));
  EXPECT_EQ(once.values.size(), twice.values.size());
}

}  // namespace
}  // namespace gradus
