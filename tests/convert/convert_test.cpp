#include "gradus/convert/convert.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "gradus/base/error.h"
#include "gradus/convert/lowering.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/prepare.h"
#include "gradus/qmodel/file.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"
#include "gradus/runtime/reference.h"
#include "tests/convert/graph_codes.h"
#include "tests/prepare/networks.h"
#include "tests/support/float_networks.h"

namespace gradus {
namespace {

using testing_networks::Builder;
using testing_networks::residual_network;

Recipe recipe_of(int bits, BatchNormMode bn = BatchNormMode::kSeparate) {
  Recipe recipe;
  recipe.weights.bits = bits;
  recipe.activations.bits = bits;
  recipe.bn = bn;
  return recipe;
}

Graph calibrated(Graph graph, const Recipe& recipe) {
  prepare(graph, recipe);
  calibrate_at_random(graph, 1);
  return graph;
}

std::string refusal(const Graph& graph, ErrorCode code) {
  try {
    convert(graph, {.profile = Profile::kIeee32, .metadata = {}, .islands = false});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "";
}

bool says(const std::string& message, const std::string& text) {
  return message.find(text) != std::string::npos;
}

template <typename Op>
const Op& op_of(const QModel& model, const std::string& name) {
  for (const QNode& node : model.nodes) {
    if (node.name == name) return std::get<Op>(node.op);
  }
  throw std::runtime_error("no node " + name);
}

float& entry(Graph& graph, const std::string& value, std::size_t i) {
  return graph.value(graph.find_value(value)).constant->as<float>()[i];
}

// Conv with batch norm and nothing else, of two channels in and out.
Graph conv_bn() {
  Builder b;
  const ValueId x = b.input("x", {-1, 2, 3, 3});
  const ValueId y = b.batch_norm("bn", b.conv("conv", x, 2, 3, 1, true));
  b.graph.outputs = {b.conv("last", y, 2, 1)};
  return std::move(b.graph);
}

TEST(Lowerings, CoverExactlyTheOperatorsWithAnIntegerForm) {
  std::set<std::string> lowered;
  for (const LoweringFamily& family : lowerings()) {
    for (const Lowering& lowering : family) {
      EXPECT_TRUE(lowered.insert(lowering.op_type).second) << lowering.op_type;
    }
  }
  std::set<std::string> known;
  for (const IntegerOp& op : integer_ops()) known.insert(op.op);
  EXPECT_EQ(lowered, known);
}

TEST(Convert, NamesTensorsLikeTheGraphsValues) {
  const Graph graph = calibrated(residual_network(), recipe_of(4));
  const QModel model = convert(graph, {});
  std::set<std::string> names;
  for (const QTensor& tensor : model.tensors) names.insert(tensor.name);
  for (const Value& value : graph.values) {
    EXPECT_EQ(names.contains(value.name), !value.constant) << value.name;
  }
  EXPECT_EQ(model.tensors[static_cast<std::size_t>(model.input)].name, "image.float");
  EXPECT_EQ(model.tensors[static_cast<std::size_t>(model.outputs[0])].name, "fc.out");
}

TEST(Convert, KeepsProfileAndMetadataThroughTheFile) {
  ConvertOptions options;
  options.profile = Profile::kFixed31;
  options.metadata = {{"recipe", "version: 1\n"}};
  const QModel model = convert(calibrated(residual_network(), recipe_of(4)), options);
  EXPECT_EQ(model.profile, Profile::kFixed31);
  EXPECT_EQ(model.metadata.at("recipe"), "version: 1\n");
  EXPECT_EQ(parse_model(serialize(model), "again"), model);
}

TEST(Convert, ReportsBytesLayerByLayer) {
  ConvertReport report;
  convert(calibrated(residual_network(), recipe_of(4)), {}, &report);
  ASSERT_EQ(report.layers.size(), 6u);
  EXPECT_EQ(report.layers[1].name, "a.conv1");
  EXPECT_EQ(report.layers[1].op, "Conv");
  EXPECT_EQ(report.layers[1].weight_bits, 4);
  EXPECT_EQ(report.layers[1].float_bytes, 4 * (4 * 4 * 9 + 4));
  EXPECT_GE(report.layers[1].integer_bytes, 4 * 4 * 9 / 2);
  std::int64_t before = 0;
  std::int64_t after = 0;
  for (const LayerReport& layer : report.layers) {
    before += layer.float_bytes;
    after += layer.integer_bytes;
  }
  EXPECT_EQ(report.float_bytes, before);
  EXPECT_EQ(report.integer_bytes, after);
}

TEST(Convert, FoldedAndSeparateBatchNormAgreeWhereTheGainIsAPowerOfTwo) {
  for (const float gamma : {2.0f, -2.0f}) {
    Graph network = conv_bn();
    for (std::size_t c = 0; c < 2; ++c) {
      entry(network, "bn.gamma", c) = gamma;
      entry(network, "bn.variance", c) = 1.0f;
    }
    for (Node& node : network.nodes) {
      if (node.op == "BatchNormalization") node.attributes["epsilon"] = 0.0f;
    }
    const QModel separate = convert(calibrated(network, recipe_of(4)), {});
    const QModel folded = convert(calibrated(network, recipe_of(4, BatchNormMode::kFold)), {});
    const auto& s = op_of<QConv>(separate, "conv");
    const auto& f = op_of<QConv>(folded, "conv");
    const std::int32_t sign = gamma > 0 ? 1 : -1;
    for (std::size_t i = 0; i < s.weights.codes.size(); ++i) {
      EXPECT_EQ(s.weights.codes[i], sign * f.weights.codes[i]);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(s.bias[i], sign * f.bias[i]);
      EXPECT_EQ(s.output.accumulator_scale[i], sign * f.output.accumulator_scale[i]);
    }
    std::vector<float> image(18);
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i) * 0.2f - 1.5f;
    EXPECT_EQ(run_reference(separate, image, 1).back().values,
              run_reference(folded, image, 1).back().values);
  }
}

TEST(Convert, ADeadChannelGivesItsOffset) {
  Graph network = conv_bn();
  entry(network, "bn.gamma", 1) = 0.0f;
  entry(network, "bn.beta", 1) = 0.75f;
  const Graph graph = calibrated(network, recipe_of(8));
  const QModel model = convert(graph, {});
  const auto& conv = op_of<QConv>(model, "conv");
  EXPECT_TRUE(std::all_of(conv.weights.codes.begin() + 18, conv.weights.codes.end(),
                          [](std::int32_t code) { return code == 0; }));
  const auto tensors = run_reference(model, std::vector<float>(18, 1.0f), 1);
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const QTensor& tensor = model.tensors[i];
    if (tensor.name != "bn.out") continue;
    const std::int32_t expected = quantize(0.75f, tensor.scale, tensor.zero_point, tensor.grid);
    for (std::size_t p = 9; p < 18; ++p) EXPECT_EQ(tensors[i].codes[p], expected);
  }
}

TEST(Convert, EnlargesAScaleWhoseBiasWouldOverflow) {
  Graph network = conv_bn();
  entry(network, "bn.beta", 0) = 1e12f;
  const Graph graph = calibrated(network, recipe_of(8));
  const QModel model = convert(graph, {});
  const auto& conv = op_of<QConv>(model, "conv");
  EXPECT_LE(std::abs(conv.bias[0]), 1 << 30);
  EXPECT_GT(conv.output.accumulator_scale[0], 100 * conv.output.accumulator_scale[1]);
}

TEST(Convert, RefusesAnAccumulatorThatCanOverflow) {
  Builder b;
  const ValueId x = b.input("x", {-1, 70000});
  const ValueId w = b.constant("w", {1, 70000}, 1.0f, 1.0001f);
  b.graph.outputs = {b.node("fc", "Gemm", {x, w}, {-1, 1}, {{"transB", std::int64_t{1}}})};
  EXPECT_PRED2(says, refusal(calibrated(b.graph, recipe_of(8)), ErrorCode::kUnsupported),
               "node 'fc' (Gemm): channel 0 has an accumulator that can reach");
}

TEST(Convert, ClampsFloatOutputs) {
  Builder b;
  const ValueId x = b.input("x", {-1, 3, 2, 2});
  b.graph.outputs = {b.node("clip", "Clip", {b.conv("conv", x, 3)}, {-1, 3, 2, 2},
                            {{"min", -0.5f}, {"max", 0.25f}})};
  const QModel model = convert(calibrated(b.graph, recipe_of(8)), {});
  EXPECT_EQ(op_of<QConv>(model, "conv").output.float_low, -0.5f);
  EXPECT_EQ(op_of<QConv>(model, "conv").output.float_high, 0.25f);
}

TEST(Convert, DequantizesAnOutputThatIsCodes) {
  Builder b;
  const ValueId x = b.conv("conv", b.input("x", {-1, 3, 2, 2}), 3);
  b.graph.outputs = {b.add("add", x, x), x};
  const QModel model = convert(calibrated(b.graph, recipe_of(8)), {});
  ASSERT_EQ(model.outputs.size(), 2u);
  for (std::int32_t output : model.outputs) {
    EXPECT_EQ(model.tensors[static_cast<std::size_t>(output)].kind, QTensorKind::kFloat);
  }
  EXPECT_EQ(model.tensors[static_cast<std::size_t>(model.outputs[0])].name, "add.out.float");
}

TEST(Convert, FlattensLogitsThatLeaveAsFloat) {
  Builder b;
  const ValueId x = b.global_pool("pool", b.conv("conv", b.input("x", {-1, 3, 4, 4}), 5));
  b.graph.outputs = {b.flatten("flat", x)};
  const QModel model = convert(calibrated(b.graph, recipe_of(8)), {});
  const QTensor& out = model.tensors[static_cast<std::size_t>(model.outputs[0])];
  EXPECT_EQ(out.name, "flat.out");
  EXPECT_EQ(out.kind, QTensorKind::kFloat);
}

TEST(Convert, RefusesWhatIntegersCannotComputeByName) {
  Builder b;
  ValueId x = b.conv("conv", b.input("x", {-1, 3, 4, 4}), 3);
  const std::map<std::string, Attribute> channels = {{"axis", std::int64_t{1}}};
  x = b.node("act", "LogSoftmax", {x}, {-1, 3, 4, 4}, channels);
  b.graph.outputs = {b.node("soft", "Softmax", {b.conv("conv2", x, 3)}, {-1, 3, 4, 4}, channels)};
  EXPECT_EQ(
      refusal(calibrated(b.graph, recipe_of(8)), ErrorCode::kUnsupported),
      "node 'act' (LogSoftmax, [?, 3, 4, 4]): operator LogSoftmax has no integer form; leave it "
      "out "
      "of the exported network: it does not change which class is largest (and 1 more: see gradus "
      "check)");
}

TEST(Convert, RefusesIgnoredAndFloatLayersByName) {
  Recipe recipe = recipe_of(8);
  recipe.ignored_scope = {"fc"};
  EXPECT_PRED2(says, refusal(calibrated(residual_network(), recipe), ErrorCode::kUnsupported),
               "node 'fc' (Gemm, [?, 10]): its input");
  recipe = recipe_of(8);
  recipe.weights.bits = 32;
  EXPECT_PRED2(says, refusal(calibrated(residual_network(), recipe), ErrorCode::kUnsupported),
               "node 'stem' (Conv, [?, 4, 8, 8]): its weights are float");
}

TEST(Convert, RefusesAGraphThatIsNotReady) {
  EXPECT_PRED2(says, refusal(residual_network(), ErrorCode::kInvalidArgument), "has no quantizers");
  Graph graph = residual_network();
  prepare(graph, recipe_of(8));
  EXPECT_PRED2(says, refusal(graph, ErrorCode::kInvalidArgument), "has no range yet");
}

// Engine and reference agree on every tensor; how many codes differ from each other.
void expect_runs(const QModel& model, std::int64_t pixels) {
  Rng rng(7);
  std::vector<float> images(static_cast<std::size_t>(2 * pixels));
  for (float& x : images) x = rng.uniform(-1.0f, 1.0f);
  const auto expected = run_reference(model, images, 2);
  Engine engine(model, {.max_batch = 2});
  std::size_t next = 0;
  engine.set_observer([&](const TensorResult& result) {
    const auto& tensor = expected[static_cast<std::size_t>(model.nodes[next++].output)];
    EXPECT_TRUE(std::equal(result.codes.begin(), result.codes.end(), tensor.codes.begin(),
                           tensor.codes.end()))
        << result.node;
    EXPECT_TRUE(std::equal(result.values.begin(), result.values.end(), tensor.values.begin(),
                           tensor.values.end()))
        << result.node;
  });
  std::size_t size = 0;
  for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
  std::vector<float> outputs(2 * size);
  engine.run(images, 2, outputs);
  EXPECT_EQ(next, model.nodes.size());
}

TEST(Islands, EveryFloatOperatorThatHasNoIntegersBecomesOne) {
  std::size_t found = 0;
  for (const std::string& type : testing_support::float_op_types()) {
    SCOPED_TRACE(type);
    const Graph graph = calibrated(testing_networks::float_op_network(type), recipe_of(8));
    const std::vector<Island> list = islands(graph);
    const QModel model = convert(graph, {});
    std::size_t nodes = 0;
    for (const QNode& node : model.nodes) {
      const auto* island = std::get_if<QIsland>(&node.op);
      if (island == nullptr) continue;
      ++nodes;
      EXPECT_TRUE(node.name != "op" || island->call.type == type);
    }
    EXPECT_EQ(nodes, list.size());
    for (const Island& island : list) EXPECT_EQ(island.refusal, "");
    found += nodes > 0 ? 1 : 0;
    expect_runs(model, 3 * 6 * 8);
  }
  EXPECT_GT(found, 10u);
}

TEST(Islands, AreWhatTheRecipeLeavesInFloat) {
  Recipe recipe = recipe_of(8);
  recipe.ignored_scope = {"stem"};
  const Graph graph = calibrated(residual_network(), recipe);
  ASSERT_EQ(islands(graph).size(), 1u);
  const Island stem = islands(graph)[0];
  EXPECT_EQ(stem.node, "stem");
  EXPECT_GT(stem.macs, 0);
  EXPECT_EQ(stem.elements, 4 * 8 * 8);
  EXPECT_EQ(stem.converted, stem.elements);  // the picture is float already
  const QModel model = convert(graph, {});
  EXPECT_EQ(op_of<QIsland>(model, "stem").call.type, "Conv");
  const QTensor& input = model.tensors[static_cast<std::size_t>(model.input)];
  expect_runs(model, elements(input));
}

TEST(Islands, ReadAPicturesFloatsThatCodesAreMadeOfToo) {
  Builder b;
  const ValueId x = b.input("x", {-1, 3, 4, 4});
  const ValueId y =
      b.node("norm", "LRN", {x}, {-1, 3, 4, 4},
             {{"size", std::int64_t{3}}, {"alpha", 0.1f}, {"beta", 0.5f}, {"bias", 1.0f}});
  b.graph.outputs = {b.add("add", b.conv("c1", x, 3), b.conv("c2", y, 3))};
  const QModel model = convert(calibrated(b.graph, recipe_of(8)), {});
  EXPECT_EQ(op_of<QIsland>(model, "norm").call.type, "LRN");
  expect_runs(model, 48);
}

TEST(Islands, ThatComputeAcrossTheBatchAreRefusedByName) {
  Builder b;
  const ValueId x = b.conv("conv", b.input("x", {-1, 3, 4, 4}), 3);
  b.graph.outputs = {b.conv(
      "last", b.node("soft", "Softmax", {x}, {-1, 3, 4, 4}, {{"axis", std::int64_t{0}}}), 3)};
  try {
    convert(calibrated(b.graph, recipe_of(8)), {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_PRED2(says, error.what(), "node 'soft' (Softmax");
  }
  EXPECT_PRED2(says, islands(calibrated(b.graph, recipe_of(8)))[0].refusal, "across the batch");
}

TEST(Islands, AreNotAllThatANetworkIs) {
  Recipe recipe = recipe_of(8);
  recipe.activations.bits = 32;
  EXPECT_THROW(convert(calibrated(residual_network(), recipe), {}), Error);
}

}  // namespace
}  // namespace gradus
