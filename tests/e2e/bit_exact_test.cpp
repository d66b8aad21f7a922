// The promise: the network as it was trained and the engine give the same codes, everywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gradus/base/cpu.h"
#include "gradus/cli/training/verification.h"
#include "gradus/convert/convert.h"
#include "gradus/data/source.h"
#include "gradus/graph/builder.h"
#include "gradus/prepare/prepare.h"
#include "gradus/recipe/recipe.h"
#include "gradus/train/calibrate.h"

namespace gradus {
namespace {

// Batch norms that are not the identity: some negative gains, one channel that is silent.
ValueId conv_bn(GraphBuilder& builder, const std::string& name, ValueId x, std::int64_t out,
                const ConvOptions& options) {
  x = builder.conv(name, x, out, options);
  std::vector<float> gamma, beta, mean, variance;
  for (std::int64_t c = 0; c < out; ++c) {
    const float sign = builder.rng().below(5) == 0 ? -1.0f : 1.0f;
    gamma.push_back(c == 1 ? 0.0f : sign * builder.rng().uniform(0.5f, 1.5f));
    beta.push_back(builder.rng().uniform(-0.5f, 0.5f));
    mean.push_back(builder.rng().uniform(-0.3f, 0.3f));
    variance.push_back(builder.rng().uniform(0.5f, 2.0f));
  }
  const auto constant = [&](const char* suffix, const std::vector<float>& values) {
    return builder.constant(name + "_bn." + suffix, {out}, values);
  };
  return builder.node(name + "_bn", "BatchNormalization",
                      {x, constant("weight", gamma), constant("bias", beta),
                       constant("running_mean", mean), constant("running_var", variance)},
                      {{"epsilon", 1e-5f}, {"momentum", 0.9f}});
}

// Every operator with an integer form: residual additions with identity, strided-slice and
// convolution shortcuts, concatenation, depthwise and grouped convolutions, all pools, ReLU6, a
// clamp alone.
Graph every_operator() {
  GraphBuilder b("every-operator", 7);
  ValueId x = b.input("input", {-1, 3, 16, 16});
  x = b.relu("stem_relu", conv_bn(b, "stem", x, 12, {.kernel = 3, .padding = 1}));
  ValueId y = b.relu("a1_relu", conv_bn(b, "a1", x, 12, {.kernel = 3, .padding = 1}));
  y = conv_bn(b, "a2", y, 12, {.kernel = 3, .padding = 1});
  x = b.relu("sum1_relu", b.add("sum1", x, y));
  y = b.relu6("dw_relu6",
              conv_bn(b, "dw", x, 12, {.kernel = 3, .stride = 2, .padding = 1, .groups = 12}));
  y = conv_bn(b, "pw", y, 20, {.kernel = 1});
  x = b.pad_channels("shortcut_pad", b.halve("shortcut_halve", x), 4, 4);
  x = b.add("sum2", x, y);
  x = b.relu("sum2_relu", x);
  const ValueId left = b.relu("left_relu", conv_bn(b, "left", x, 8, {.kernel = 1}));
  const ValueId right =
      b.relu("right_relu", conv_bn(b, "right", x, 24, {.kernel = 5, .padding = 2, .groups = 4}));
  x = b.node("join", "Concat", {left, right}, {{"axis", std::int64_t{1}}});
  const ValueId pooled = b.max_pool("max", x, 3, 1, 1);
  const ValueId averaged = b.node("average", "AveragePool", {x},
                                  {{"kernel_shape", std::vector<std::int64_t>{3, 3}},
                                   {"strides", std::vector<std::int64_t>{1, 1}},
                                   {"pads", std::vector<std::int64_t>{1, 1, 1, 1}},
                                   {"count_include_pad", std::int64_t{0}}});
  x = b.add("sum3", pooled, averaged);
  x = b.max_pool("shrink", x, 2, 2, 0);
  x = b.flatten("flat", b.global_average_pool("global", x));
  return b.finish(b.linear("head", x, 10), "logits");
}

// Activations by table, products, repeated pixels and movements: what MobileNetV3 and ShuffleNet
// have.
Graph modern() {
  using Integers = std::vector<std::int64_t>;
  GraphBuilder b("modern", 5);
  ValueId x = b.input("input", {-1, 3, 16, 16});
  x = b.node("stem_swish", "HardSwish", {conv_bn(b, "stem", x, 12, {.kernel = 3, .padding = 1})});
  ValueId s = b.global_average_pool("squeeze", x);
  s = b.relu("squeeze_relu", b.conv("fc1", s, 8, {.kernel = 1, .bias = true}));
  s = b.node("gate", "Sigmoid", {b.conv("fc2", s, 12, {.kernel = 1, .bias = true})});
  x = b.node("excite", "Mul", {x, s});
  ValueId y = conv_bn(b, "silu", x, 12, {.kernel = 3, .padding = 1, .groups = 12});
  y = b.node("silu_mul", "Mul", {b.node("silu_sigmoid", "Sigmoid", {y}), y});
  x = b.node("difference", "Sub", {x, y});
  x = b.node("prelu", "PRelu",
             {conv_bn(b, "mix", x, 12, {.kernel = 1}),
              b.constant("prelu.slope", {12, 1, 1},
                         {.1f, .2f, -.1f, .5f, 0.f, .3f, .25f, .1f, .7f, .2f, .4f, .9f})});
  x = b.node("split", "Reshape", {x}, {{"shape", Integers{-1, 3, 4, 16, 16}}});
  x = b.node("turn", "Transpose", {x}, {{"perm", Integers{0, 2, 1, 3, 4}}});
  x = b.node("joined", "Reshape", {x}, {{"shape", Integers{-1, 12, 16, 16}}});
  x = b.node("shrink", "SpaceToDepth", {x}, {{"blocksize", std::int64_t{2}}});
  x = b.node("gelu", "Gelu", {conv_bn(b, "last", x, 16, {.kernel = 1})},
             {{"approximate", std::string("none")}});
  x = b.flatten("flat", b.node("top", "GlobalMaxPool", {x}));
  return b.finish(b.linear("head", x, 10), "logits");
}

// A network whose fully connected layer reads a whole map, and ends in convolution and global pool.
Graph flattened_map() {
  GraphBuilder b("flattened-map", 3);
  ValueId x = b.input("input", {-1, 3, 16, 16});
  x = b.relu("c1_relu", conv_bn(b, "c1", x, 8, {.kernel = 3, .stride = 2}));
  x = b.max_pool("pool", x, 3, 2, 1);
  x = b.flatten("flat", x);
  x = b.relu("f1_relu", b.linear("f1", x, 33));
  return b.finish(b.linear("f2", x, 10), "logits");
}

struct Case {
  const char* bits;
  bool per_channel;
  bool symmetric;
  Profile profile;
  BatchNormMode bn;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.bits << (c.per_channel ? " per channel" : " per tensor")
             << (c.symmetric ? " symmetric " : " asymmetric ") << profile_name(c.profile)
             << (c.bn == BatchNormMode::kFold ? " fold" : " separate");
}

struct Prepared {
  Graph graph;
  QModel model;
};

Prepared prepare_case(Graph graph, const Case& c, const Dataset& data) {
  Recipe recipe = preset_recipe(c.bits);
  recipe.weights.per_channel = c.per_channel;
  recipe.weights.symmetric = c.symmetric || recipe.weights.bits == 1;
  if (!c.symmetric) recipe.weights.narrow_range = false;
  recipe.profile = c.profile;
  recipe.bn = c.bn;
  recipe.calibration.images = 32;
  recipe.calibration.batch_size = 16;
  prepare(graph, recipe);
  calibrate(graph, recipe, data);
  ConvertOptions options;
  options.profile = c.profile;
  QModel model = convert(graph, options);
  return {std::move(graph), std::move(model)};
}

std::unique_ptr<Dataset> pictures(int count) {
  return open_dataset(parse_data_spec("random:3x16x16,limit=" + std::to_string(count)));
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* bits : {"w8a8", "w4a4", "w3a5", "w2a2", "w1a2"}) {
    for (bool per_channel : {true, false}) {
      for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
        cases.push_back({bits, per_channel, true, profile, BatchNormMode::kSeparate});
      }
    }
    cases.push_back({bits, true, true, Profile::kIeee32, BatchNormMode::kFold});
    if (std::string(bits) != "w1a2") {
      cases.push_back({bits, true, false, Profile::kIeee32, BatchNormMode::kSeparate});
    }
  }
  return cases;
}

class BitExact : public testing::TestWithParam<Case> {};

TEST_P(BitExact, TrainedNetworkAndEngineAgreeOnEveryCode) {
  const auto calibration = pictures(32);
  for (Graph& graph : std::vector<Graph>{every_operator(), modern(), flattened_map()}) {
    const Prepared prepared = prepare_case(graph, GetParam(), *calibration);
    for (Isa isa : all_isas()) {
      if (!isa_supported(isa)) continue;
      // A whole batch and the beginning of the next, or two and one image where batches are small.
      for (const auto& [threads, batch, images] :
           {std::tuple{1, 1, 3}, {2, 7, 15}, {1, 64, 65}, {2, 64, 65}}) {
        const auto data = pictures(images);
        VerifyOptions options;
        options.isa = isa;
        options.threads = threads;
        options.batch = batch;
        const Verification found = verify(prepared.graph, prepared.model, *data, options);
        EXPECT_EQ(found.differing, 0) << graph.name << ", " << isa_name(isa) << ", " << threads
                                      << " threads, batch " << batch << ": " << found.first;
        EXPECT_EQ(found.images, images);
        EXPECT_GT(found.codes, images * 1000);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllRecipes, BitExact, testing::ValuesIn(all_cases()), [](const auto& c) {
  std::ostringstream name;
  name << c.param;
  std::string text = name.str();
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
});

TEST(Verify, NamesTheLayerOfOneBrokenWeight) {
  const auto data = pictures(8);
  Prepared prepared = prepare_case(
      every_operator(), {"w4a4", true, true, Profile::kIeee32, BatchNormMode::kSeparate}, *data);
  bool broken = false;
  std::string tensor;
  for (auto& node : prepared.model.nodes) {
    auto* conv = std::get_if<QConv>(&node.op);
    if (conv == nullptr || node.name != "a2") continue;
    std::int32_t& code = conv->weights.codes[5];
    code += code > 0 ? -1 : 1;
    tensor = prepared.model.tensors[static_cast<std::size_t>(node.output)].name;
    broken = true;
  }
  ASSERT_TRUE(broken);
  const Verification found = verify(prepared.graph, prepared.model, *data, VerifyOptions{});
  EXPECT_GT(found.differing, 0);
  EXPECT_NE(found.first.find("'" + tensor + "'"), std::string::npos) << found.first;
}

// The engine gives all outputs after each other.
TEST(Verify, ComparesEveryOutput) {
  const auto data = pictures(5);
  Graph network = flattened_map();
  const ValueId early = network.nodes.at(0).outputs.at(0);
  network.outputs.push_back(early);
  const Prepared prepared = prepare_case(
      network, {"w8a8", true, true, Profile::kIeee32, BatchNormMode::kSeparate}, *data);
  ASSERT_EQ(prepared.model.outputs.size(), 2u);
  VerifyOptions options;
  options.batch = 2;
  const Verification found = verify(prepared.graph, prepared.model, *data, options);
  EXPECT_EQ(found.differing, 0) << found.first;
  EXPECT_EQ(found.images, 5);
}

}  // namespace
}  // namespace gradus
