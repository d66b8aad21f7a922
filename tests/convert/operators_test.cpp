// Operators between two layers, one network each: every activation, groups of them, movements,
// sums and products. The converted network gives graph_codes' integers, and the names of what
// integers cannot compute.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "gradus/base/error.h"
#include "gradus/graph/evaluate.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"
#include "tests/convert/exactness.h"
#include "tests/prepare/networks.h"

namespace gradus {
namespace {

using testing_exactness::Case;
using testing_exactness::expect_equal;
using testing_exactness::picture;
using testing_exactness::prepared;
using testing_networks::Builder;

using Integers = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;

// What stands between the layers: from their map [-1, 6, 4, 6] to a map.
struct Middle {
  std::string name;
  std::function<ValueId(Builder&, ValueId)> build;
  std::string operators;  // of the integer network, between the two convolutions
  float least = -2.0f;    // of what the operator is given
};

void PrintTo(const Middle& middle, std::ostream* out) { *out << middle.name; }

Shape shape_of(const Builder& b, ValueId id) { return *b.graph.value(id).shape; }

std::int64_t element_count_of(const Shape& shape) {
  std::int64_t count = shape.empty() ? 0 : 1;
  for (std::size_t i = 1; i < shape.size(); ++i) count *= shape[i];
  return count;
}

ValueId apply(Builder& b, const std::string& op, std::vector<ValueId> inputs,
              Attributes attributes = {}) {
  Shape shape;  // of the largest input
  for (ValueId id : inputs) {
    const Shape other = shape_of(b, id);
    if (element_count_of(other) >= element_count_of(shape)) shape = other;
  }
  const std::string name = op + std::to_string(b.graph.nodes.size());
  return b.node(name, op, std::move(inputs), shape, std::move(attributes));
}

ValueId number(Builder& b, float value) {
  return b.graph.add_constant("number" + std::to_string(b.graph.values.size()),
                              Tensor::from<float>({}, std::span(&value, 1)));
}
ValueId channels(Builder& b, float low, float high) {
  return b.constant("channels" + std::to_string(b.graph.values.size()), {6, 1, 1}, low, high);
}

Middle function(const std::string& op, Attributes attributes = {}, float least = -2.0f) {
  return {op, [=](Builder& b, ValueId x) { return apply(b, op, {x}, attributes); }, "lookup",
          least};
}
// A movement to `shape`.
ValueId move(Builder& b, const std::string& op, ValueId x, Shape shape,
             Attributes attributes = {}) {
  return b.node(op + std::to_string(b.graph.nodes.size()), op, {x}, std::move(shape),
                std::move(attributes));
}

std::vector<Middle> functions() {
  std::vector<Middle> list;
  for (const char* op :
       {"Sigmoid", "Tanh", "Softplus", "Mish", "HardSwish", "Exp", "Abs", "Neg", "Erf"}) {
    list.push_back(function(op));
  }
  list.push_back(function("Sqrt", {}, 0.0f));
  list.push_back(function("Reciprocal"));
  list.push_back(function("LeakyRelu", {{"alpha", 0.125f}}));
  list.push_back(function("Elu", {{"alpha", 0.7f}}));
  list.push_back(function("Swish", {{"alpha", 1.5f}}));
  list.push_back(function("HardSigmoid", {{"alpha", 0.3f}, {"beta", 0.4f}}));
  list.push_back(function("Gelu", {{"approximate", std::string("none")}}));
  list.push_back(function("Gelu", {{"approximate", std::string("tanh")}}));
  list.back().name = "GeluTanh";
  return list;
}

std::vector<Middle> with_constants() {
  return {{"PReluOfOneSlope",
           [](Builder& b, ValueId x) { return apply(b, "PRelu", {x, number(b, 0.2f)}); }, "lookup"},
          {"PReluOfASlopeAChannel",
           [](Builder& b, ValueId x) { return apply(b, "PRelu", {x, channels(b, -0.3f, 0.5f)}); },
           "lookup"},
          {"SumAndProductAChannel",
           [](Builder& b, ValueId x) {
             x = apply(b, "Relu", {b.max_pool("pool", x)});
             return apply(b, "Add", {apply(b, "Mul", {x, channels(b, -1, 1)}), channels(b, -1, 1)});
           },
           "pool lookup"},
          {"DifferencesAndQuotient",
           [](Builder& b, ValueId x) {
             x = apply(b, "Abs", {x});
             return apply(b, "Div", {number(b, 2.0f), apply(b, "Sub", {x, number(b, -0.4f)})});
           },
           "lookup"},
          {"PowerMinimumMaximum",
           [](Builder& b, ValueId x) {
             x = apply(b, "Min", {apply(b, "Pow", {x, number(b, 2.0f)}), channels(b, 1, 3)});
             return apply(b, "Max", {x, number(b, 0.25f)});
           },
           "lookup"}};
}

std::vector<Middle> grouped() {
  return {{"SwishFromItsParts",
           [](Builder& b, ValueId x) { return apply(b, "Mul", {x, apply(b, "Sigmoid", {x})}); },
           "lookup"},
          {"HardSwishFromItsParts",
           [](Builder& b, ValueId x) {
             const ValueId six = apply(b, "Clip", {apply(b, "Add", {x, number(b, 3)})},
                                       {{"min", 0.0f}, {"max", 6.0f}});
             return apply(b, "Div", {apply(b, "Mul", {x, six}), number(b, 6)});
           },
           "lookup"},
          {"MishFromItsParts",
           [](Builder& b, ValueId x) {
             return apply(b, "Mul", {apply(b, "Tanh", {apply(b, "Softplus", {x})}), x});
           },
           "lookup"},
          {"GeluFromItsParts",
           [](Builder& b, ValueId x) {
             const ValueId erf = apply(b, "Erf", {apply(b, "Div", {x, number(b, 1.4142135f)})});
             return apply(
                 b, "Mul",
                 {apply(b, "Mul", {x, apply(b, "Add", {erf, number(b, 1)})}), number(b, 0.5f)});
           },
           "lookup"},
          // Read from outside the group: a tensor of its own.
          {"SigmoidReadTwice",
           [](Builder& b, ValueId x) {
             const ValueId s = apply(b, "Sigmoid", {x});
             const ValueId y = apply(b, "Mul", {x, s});
             return b.concat("join", {y, s});
           },
           "lookup multiply concat"},
          {"SqueezeAndExcite",
           [](Builder& b, ValueId x) {
             ValueId s = b.conv("excite", b.global_pool("pool", x), 6, 1);
             s = apply(b, "HardSigmoid", {s}, {{"alpha", 1 / 6.0f}, {"beta", 0.5f}});
             return b.relu("after", apply(b, "Mul", {x, s}));
           },
           "pool conv lookup multiply"}};
}

std::vector<Middle> pairs() {
  return {
      {"DifferenceAndItsClamp",
       [](Builder& b, ValueId x) { return b.relu("r", apply(b, "Sub", {x, b.conv("o", x, 6)})); },
       "conv add"},
      {"ProductOfMaps",
       [](Builder& b, ValueId x) { return apply(b, "Mul", {x, b.conv("other", x, 6)}); },
       "conv multiply"},
      {"APixelLessAMap",
       [](Builder& b, ValueId x) {
         const ValueId pixel = b.global_pool("pool", x);
         return b.node("less", "Sub", {pixel, x}, shape_of(b, x));
       },
       "pool add"},
      {"GlobalMaximumPlusMap",
       [](Builder& b, ValueId x) {
         const ValueId pixel = b.node("top", "GlobalMaxPool", {x}, {-1, 6, 1, 1});
         return apply(b, "Add", {x, pixel});
       },
       "pool add"},
      {"DilatedMaximum",
       [](Builder& b, ValueId x) {
         return b.node("max", "MaxPool", {x}, {-1, 6, 2, 6},
                       {{"kernel_shape", Integers{2, 3}},
                        {"dilations", Integers{2, 1}},
                        {"pads", Integers{0, 1, 0, 1}}});
       },
       "pool"}};
}

std::vector<Middle> movements() {
  return {{"Transpose",
           [](Builder& b, ValueId x) {
             return move(b, "Transpose", x, {-1, 4, 6, 6}, {{"perm", Integers{0, 2, 3, 1}}});
           },
           "gather"},
          {"DepthToSpaceByRows",
           [](Builder& b, ValueId x) {
             x = b.conv("wide", x, 8, 1);
             return move(b, "DepthToSpace", x, {-1, 2, 8, 12},
                         {{"blocksize", std::int64_t{2}}, {"mode", std::string("DCR")}});
           },
           "conv gather"},
          {"DepthToSpaceByColumns",
           [](Builder& b, ValueId x) {
             x = b.conv("wide", x, 8, 1);
             return b.relu("r",
                           move(b, "DepthToSpace", x, {-1, 2, 8, 12},
                                {{"blocksize", std::int64_t{2}}, {"mode", std::string("CRD")}}));
           },
           "conv gather"},
          {"SpaceToDepth",
           [](Builder& b, ValueId x) {
             return move(b, "SpaceToDepth", x, {-1, 24, 2, 3}, {{"blocksize", std::int64_t{2}}});
           },
           "gather"},
          {"ChannelShuffle",
           [](Builder& b, ValueId x) {
             x = move(b, "Reshape", x, {-1, 2, 3, 4, 6}, {{"shape", Integers{-1, 2, 3, 4, 6}}});
             x = move(b, "Transpose", x, {-1, 3, 2, 4, 6}, {{"perm", Integers{0, 2, 1, 3, 4}}});
             return move(b, "Reshape", x, {-1, 6, 4, 6}, {{"shape", Integers{-1, 6, 4, 6}}});
           },
           "gather"},
          {"ReshapeThatMixesAxes",
           [](Builder& b, ValueId x) {
             return move(b, "Reshape", x, {-1, 4, 12, 3}, {{"shape", Integers{-1, 4, 12, 3}}});
           },
           "flatten gather"},
          {"TransposedConvolution",
           [](Builder& b, ValueId x) {
             const ValueId w = b.constant("up.weight", {6, 2, 3, 2}, -1, 1);
             const ValueId bias = b.constant("up.bias", {4}, -1, 1);
             return b.relu("r", b.node("up", "ConvTranspose", {x, w, bias}, {-1, 4, 8, 17},
                                       {{"kernel_shape", Integers{3, 2}},
                                        {"strides", Integers{2, 3}},
                                        {"dilations", Integers{1, 1}},
                                        {"pads", Integers{1, 0, 1, 0}},
                                        {"output_padding", Integers{1, 0}},
                                        {"group", std::int64_t{2}}}));
           },
           "pad conv"},
          {"ThereAndBackAgain",
           [](Builder& b, ValueId x) {
             x = move(b, "Squeeze", b.global_pool("p", x), {-1, 6, 1}, {{"axes", Integers{3}}});
             return move(b, "Unsqueeze", x, {-1, 6, 1, 1}, {{"axes", Integers{2}}});
           },
           "pool gather gather"}};
}

std::vector<Middle> middles() {
  std::vector<Middle> all;
  for (const auto& list : {functions(), with_constants(), grouped(), pairs(), movements()}) {
    all.insert(all.end(), list.begin(), list.end());
  }
  return all;
}

Graph network(const Middle& middle) {
  Builder b(11);
  ValueId x = b.batch_norm("bn", b.conv("first", b.input("image", {-1, 3, 4, 6}), 6));
  x = middle.build(b, x);
  x = b.conv("last", x, 5, 1);
  x = b.gemm("fc", b.flatten("flat", b.global_pool("gap", x)), 4);
  b.graph.outputs = {x};
  return std::move(b.graph);
}

// The operators between the convolutions "first" and "last".
std::string operators_of(const QModel& model) {
  std::string text;
  bool between = false;
  for (const QNode& node : model.nodes) {
    if (node.name == "last") break;
    if (between) text += (text.empty() ? "" : " ") + std::string(operator_name(node.op));
    between = between || node.name == "first";
  }
  return text;
}

class Operator : public testing::TestWithParam<Middle> {};

TEST_P(Operator, GivesTheGraphsCodes) {
  for (const Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    for (int bits : {8, 5, 2}) {
      for (bool symmetric : {true, false}) {
        const Case c{bits, bits, true, symmetric, profile, BatchNormMode::kSeparate};
        Graph graph = prepared(network(GetParam()), c, static_cast<std::uint64_t>(bits));
        if (GetParam().least == 0.0f) {  // no square root of what is below zero
          for (Quantizer& q : graph.quantizers) {
            if (!q.spec.per_channel) q.parameters.zero_point[0] = q.spec.grid().quant_min;
          }
        }
        for (const Island& island : islands(graph)) ADD_FAILURE() << island.node << island.reason;
        ConvertOptions options;
        options.profile = profile;
        const QModel model = convert(graph, options);
        EXPECT_EQ(operators_of(model), GetParam().operators);
        EXPECT_GT(expect_equal(graph, model, picture(3 * 4 * 6, 5)), 150u);
        if (HasFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Operator, testing::ValuesIn(middles()),
                         [](const auto& test) { return test.param.name; });

// A middle that gives one code everywhere would prove nothing.
TEST(Operators, GiveCodesThatVary) {
  const Case c{8, 8, true, true, Profile::kIeee32, BatchNormMode::kSeparate};
  for (const Middle& middle : middles()) {
    if (middle.least == 0.0f) continue;
    const Graph graph = prepared(network(middle), c, 3);
    for (const auto& [name, tensor] : graph_codes(graph, c.profile, picture(3 * 4 * 6, 1))) {
      if (tensor.codes.size() < 40) continue;
      EXPECT_GE(std::set<std::int32_t>(tensor.codes.begin(), tensor.codes.end()).size(), 4u)
          << middle.name << " " << name;
    }
  }
}

std::string island_of(const Middle& middle) {
  const Case c{8, 8, true, true, Profile::kIeee32, BatchNormMode::kSeparate};
  const auto found = islands(prepared(network(middle), c, 1));
  return found.empty() ? "" : found[0].node + ": " + found[0].reason;
}

TEST(Operators, AreRefusedByNameWhereIntegersCannotCompute) {
  EXPECT_EQ(island_of({"",
                       [](Builder& b, ValueId x) {
                         return b.node("ratio", "Div", {x, b.conv("o", x, 6)}, shape_of(b, x));
                       },
                       ""}),
            "ratio: operator Div has no integer form");
  EXPECT_EQ(island_of({"",
                       [](Builder& b, ValueId x) {
                         return b.node("mask", "Mul", {x, b.constant("m", {4, 6}, 0, 1)},
                                       shape_of(b, x));
                       },
                       ""}),
            "mask: its input 'm' is a constant; expected a value computed by the network");
  EXPECT_EQ(island_of({"",
                       [](Builder& b, ValueId x) {
                         const ValueId one = b.conv("o", x, 1);
                         return b.node("weigh", "Mul", {x, one}, shape_of(b, x));
                       },
                       ""}),
            "weigh: combines [?, 6, 4, 6] and [?, 1, 4, 6]; expected two tensors of the same "
            "shape, or one of a pixel an image");
}

TEST(Operators, AreRefusedWhereTheirResultIsNoNumber) {
  Graph graph =
      prepared(network({"", [](Builder& b, ValueId x) { return apply(b, "Log", {x}); }, ""}),
               {8, 8, true, false, Profile::kIeee32, BatchNormMode::kSeparate}, 1);
  try {
    convert(graph, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is not a number for every code"), std::string::npos)
        << error.what();
  }
}

TEST(TransposedConvolution, IsTheSameFunctionAsAConvolutionOfASpreadMap) {
  for (const std::int64_t group : {1, 2}) {
    Builder b(group == 1 ? 4 : 5);
    const ValueId x = b.input("image", {-1, 4, 3, 5});
    const ValueId w = b.constant("w", {4, 6 / group, 3, 2}, -1, 1);
    b.graph.outputs = {b.node("up", "ConvTranspose", {x, w, b.constant("bias", {6}, -1, 1)},
                              {-1, 6, 7, 12},
                              {{"kernel_shape", Integers{3, 2}},
                               {"strides", Integers{2, 2}},
                               {"dilations", Integers{1, 3}},
                               {"pads", Integers{1, 1, 0, 0}},
                               {"output_padding", Integers{1, 1}},
                               {"group", group}})};
    b.graph.value(b.graph.outputs[0]).shape = Shape{-1, 6, 7, 12};
    Graph after = b.graph;
    Recipe recipe;
    recipe.quantize = false;
    prepare(after, recipe);
    ASSERT_EQ(after.nodes.size(), 2u);
    EXPECT_EQ(after.nodes[1].op, "Conv");
    std::vector<float> numbers = picture(4 * 3 * 5, 9);
    const Tensor image = Tensor::from<float>({1, 4, 3, 5}, numbers);
    const Tensor expected = evaluate_graph(b.graph, std::span(&image, 1)).at(0);
    const Tensor found = evaluate_graph(after, std::span(&image, 1)).at(0);
    ASSERT_EQ(found.shape(), expected.shape());
    for (std::size_t i = 0; i < found.as<float>().size(); ++i) {
      EXPECT_NEAR(found.as<float>()[i], expected.as<float>()[i], 1e-5);
    }
  }
}

TEST(Constants, JoinTheLayerBeforeThem) {
  for (const bool norm : {false, true}) {
    Builder b(3);
    ValueId x = b.conv("conv", b.input("image", {-1, 3, 4, 6}), 6, 3, 1, !norm);
    if (norm) x = b.batch_norm("bn", x);
    x = apply(b, "Mul", {x, channels(b, -2, 2)});
    x = apply(b, "Add", {channels(b, -1, 1), x});
    x = apply(b, "Sub", {number(b, 0.5f), x});
    x = apply(b, "Div", {apply(b, "Sub", {x, number(b, 0.125f)}), number(b, 4.0f)});
    b.graph.outputs = {b.conv("last", b.relu("r", x), 2, 1)};
    const Case c{8, 8, true, true, Profile::kIeee32, BatchNormMode::kFold};
    const Graph graph = prepared(b.graph, c, 1);
    ASSERT_EQ(graph.nodes.size(), 2u);
    const auto weights = graph.value(graph.nodes[0].inputs[1]).constant->as<float>();
    const auto plain = b.graph.value(b.graph.find_value("conv.weight")).constant->as<float>();
    const auto of = [&](const std::string& name) {
      return static_cast<double>(b.graph.value(b.graph.find_value(name)).constant->as<float>()[0]);
    };
    const auto constant = [&](std::size_t node, std::size_t input) {
      return of(b.graph.value(b.graph.nodes[node + (norm ? 1 : 0)].inputs[input]).name);
    };
    // Channel 0 of (0.5 - (x * m + a) - 0.125) / 4.
    double gain = 1.0, offset = norm ? 0.0 : of("conv.bias");
    if (norm) {
      gain = of("bn.gamma") / std::sqrt(of("bn.variance") + 1e-3);
      offset = of("bn.beta") - of("bn.mean") * gain;
    }
    gain *= -constant(1, 1) / 4;
    offset = (0.375 - (offset * constant(1, 1) + constant(2, 0))) / 4;
    EXPECT_NEAR(weights[0], plain[0] * gain, 1e-5 * std::fabs(plain[0] * gain));
    EXPECT_NEAR(graph.value(graph.nodes[0].inputs[2]).constant->as<float>()[0], offset, 1e-5);
    const QModel model = convert(graph, {});
    expect_equal(graph, model, picture(3 * 4 * 6, 5));
  }
}

}  // namespace
}  // namespace gradus
