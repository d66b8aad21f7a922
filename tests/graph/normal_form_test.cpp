// The normal form of each operator, and what is refused.
#include "gradus/graph/normal_form.h"

#include <gtest/gtest.h>

#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::floats;
using testing_support::int64s;
using testing_support::Integers;
using testing_support::OnnxGraph;
using testing_support::op_list;
using testing_support::output_shape;

using Names = std::vector<std::string>;

std::vector<float> constant(const Graph& graph, ValueId id) {
  const auto span = graph.value(id).constant.value().as<float>();
  return {span.begin(), span.end()};
}

TEST(NormalForm, OfConvHasAllAttributes) {
  OnnxGraph g({-1, 4, 9, 9});
  const Graph graph = g.normal({g.add("Conv", {g.x, g.zeros({6, 2, 3, 3})},
                                      {{"group", std::int64_t{2}},
                                       {"strides", Integers{2, 2}},
                                       {"auto_pad", std::string("SAME_UPPER")}})});
  EXPECT_EQ(output_shape(graph), (Shape{-1, 6, 5, 5}));
  const Node& node = graph.nodes[0];
  EXPECT_EQ(node.integers("pads", {}), (Integers{1, 1, 1, 1}));
  EXPECT_EQ(node.integers("kernel_shape", {}), (Integers{3, 3}));
  for (const char* key : {"kernel_shape", "strides", "dilations", "pads", "group"}) {
    EXPECT_TRUE(node.attributes.contains(key)) << key;
  }
}

TEST(NormalForm, OfGemmIsTransposedAndScaled) {
  OnnxGraph g({-1, 2});
  const ValueId w = g.constant(floats({2, 3}, {1, 2, 3, 4, 5, 6}));
  const ValueId bias = g.constant(floats({1}, {8}));
  const Graph graph = g.normal({g.add("Gemm", {g.x, w, bias}, {{"alpha", 2.0f}, {"beta", 0.5f}})});
  const Node& node = graph.nodes[0];
  EXPECT_EQ(constant(graph, node.inputs[1]), (std::vector<float>{2, 8, 4, 10, 6, 12}));
  EXPECT_EQ(constant(graph, node.inputs[2]), (std::vector<float>{4, 4, 4}));
  EXPECT_EQ(node.real("alpha", 0), 1.0f);
  EXPECT_EQ(node.integer("transB", 0), 1);
  EXPECT_EQ(output_shape(graph), (Shape{-1, 3}));
}

TEST(NormalForm, OfMatMulByAConstantIsGemm) {
  OnnxGraph g({-1, 2});
  const Graph graph = g.normal({g.add("MatMul", {g.x, g.constant(floats({2, 1}, {3, 4}))})});
  EXPECT_EQ(op_list(graph), (Names{"Gemm"}));
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).shape, (Shape{1, 2}));
}

TEST(NormalForm, OfClipIsTheSameFromAttributesAndInputs) {
  OnnxGraph old({-1, 2});
  const Graph a = old.normal({old.add("Clip", {old.x}, {{"min", 0.0f}, {"max", 6.0f}})}, {7, 0});
  OnnxGraph recent({-1, 2});
  const ValueId low = recent.constant(floats({}, {0})), high = recent.constant(floats({}, {6}));
  const Graph b = recent.normal({recent.add("Clip", {recent.x, low, high})});
  for (const Graph* graph : {&a, &b}) {
    EXPECT_EQ(graph->nodes[0].inputs.size(), 1u);
    EXPECT_EQ(graph->nodes[0].real("min", -1), 0.0f);
    EXPECT_EQ(graph->nodes[0].real("max", -1), 6.0f);
  }
  OnnxGraph open({-1, 2});
  const Graph c =
      open.normal({open.add("Clip", {open.x, kNoValue, open.constant(floats({}, {6}))})});
  EXPECT_FALSE(c.nodes[0].attributes.contains("min"));
}

TEST(NormalForm, OfAMeanOverTheMapIsAGlobalAveragePool) {
  OnnxGraph kept({-1, 5, 4, 4});
  const Graph a = kept.normal({kept.add("ReduceMean", {kept.x}, {{"axes", Integers{-1, -2}}})});
  EXPECT_EQ(op_list(a), (Names{"GlobalAveragePool"}));
  EXPECT_EQ(output_shape(a), (Shape{-1, 5, 1, 1}));
  OnnxGraph dropped({-1, 5, 4, 4});
  const ValueId axes = dropped.constant(int64s({2, 3}));
  const Graph b = dropped.normal(
      {dropped.add("ReduceMean", {dropped.x, axes}, {{"keepdims", std::int64_t{0}}})}, {18, 0});
  EXPECT_EQ(op_list(b), (Names{"GlobalAveragePool", "Flatten"}));
  EXPECT_EQ(output_shape(b), (Shape{-1, 5}));
  EXPECT_EQ(b.value(b.outputs[0]).name, "ReduceMean_0_out");
}

TEST(NormalForm, OfSqueezeToARowIsFlatten) {
  for (const bool as_input : {false, true}) {
    OnnxGraph g({-1, 5, 1, 1});
    const Graph graph =
        as_input ? g.normal({g.add("Squeeze", {g.x, g.constant(int64s({-1, 2}))})})
                 : g.normal({g.add("Squeeze", {g.x}, {{"axes", Integers{3, 2}}})}, {11, 0});
    EXPECT_EQ(op_list(graph), (Names{"Flatten"}));
    EXPECT_EQ(output_shape(graph), (Shape{-1, 5}));
  }
}

TEST(NormalForm, OfSliceAndPadIsAttributes) {
  OnnxGraph g({-1, 4, 8, 8});
  const ValueId y =
      g.add("Slice", {g.x, g.constant(int64s({-7, 0})), g.constant(int64s({INT64_MAX, 8})),
                      g.constant(int64s({2, 3})), g.constant(int64s({2, 1}))});
  const Graph graph = g.normal({g.add("Pad", {y, g.constant(int64s({0, 2, 0, 0, 0, 1, 0, 0}))})});
  EXPECT_EQ(graph.nodes[0].integers("starts", {}), (Integers{1}));
  EXPECT_EQ(graph.nodes[0].integers("ends", {}), (Integers{8}));
  EXPECT_EQ(graph.nodes[0].integers("axes", {}), (Integers{2}));
  EXPECT_EQ(graph.nodes[0].integers("steps", {}), (Integers{2}));
  EXPECT_EQ(graph.nodes[1].integers("pads", {}), (Integers{0, 2, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(output_shape(graph), (Shape{-1, 7, 4, 8}));
  for (const auto& node : graph.nodes) EXPECT_EQ(node.inputs.size(), 1u);
}

TEST(NormalForm, OfAveragePoolCountsPadsButNotWhatCeilModeAdds) {
  const auto pool = [](std::int64_t counted) {
    OnnxGraph g({-1, 1, 4, 4});
    return g.normal({g.add("AveragePool", {g.x},
                           {{"kernel_shape", Integers{3, 3}},
                            {"strides", Integers{2, 2}},
                            {"pads", Integers{1, 0, 0, 0}},
                            {"ceil_mode", std::int64_t{1}},
                            {"count_include_pad", counted}})});
  };
  EXPECT_EQ(pool(0).nodes[0].integers("pads", {}), (Integers{1, 0, 0, 1}));
  const Graph counting = pool(1);
  EXPECT_EQ(op_list(counting), (Names{"Pad", "AveragePool"}));
  EXPECT_EQ(counting.nodes[0].integers("pads", {}), (Integers{0, 0, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(counting.nodes[1].integers("pads", {}), (Integers{0, 0, 0, 1}));
  EXPECT_EQ(counting.nodes[1].integer("count_include_pad", 1), 0);
}

TEST(NormalForm, OfSoftmaxBeforeOpset13JoinsTheAxes) {
  OnnxGraph row({-1, 5});
  EXPECT_EQ(row.normal({row.add("Softmax", {row.x})}, {11, 0}).nodes[0].integer("axis", 9), 1);
  OnnxGraph map({-1, 5, 4, 4});
  const Graph graph = map.normal({map.add("Softmax", {map.x})}, {11, 0});
  EXPECT_EQ(op_list(graph), (Names{"Flatten", "Softmax", "Reshape"}));
  EXPECT_EQ(output_shape(graph), (Shape{-1, 5, 4, 4}));
  OnnxGraph later({-1, 5, 4, 4});
  EXPECT_EQ(op_list(later.normal({later.add("Softmax", {later.x})}, {13, 0})), (Names{"Softmax"}));
}

TEST(NormalForm, OfOneDimensionIsTwoOfHeightOne) {
  OnnxGraph g({-1, 4, 9});
  const ValueId y = g.add("Conv", {g.x, g.zeros({6, 4, 3})}, {{"strides", Integers{2}}});
  const Graph graph =
      g.normal({g.add("MaxPool", {y}, {{"kernel_shape", Integers{2}}, {"pads", Integers{1, 0}}})});
  EXPECT_EQ(op_list(graph),
            (Names{"Unsqueeze", "Conv", "Squeeze", "Unsqueeze", "MaxPool", "Squeeze"}));
  EXPECT_EQ(output_shape(graph), (Shape{-1, 6, 4}));
  EXPECT_EQ(graph.nodes[1].integers("strides", {}), (Integers{1, 2}));
  EXPECT_EQ(graph.nodes[4].integers("pads", {}), (Integers{0, 1, 0, 0}));
}

TEST(NormalForm, OfPadsThatAreNotConstantIsGather) {
  OnnxGraph g({-1, 1, 3, 3});
  const Graph graph = g.normal({g.add("Pad", {g.x, g.constant(int64s({0, 0, 0, 2, 0, 0, 0, 1}))},
                                      {{"mode", std::string("reflect")}})});
  EXPECT_EQ(op_list(graph), (Names{"Gather"}));
  const auto indices = graph.value(graph.nodes[0].inputs[1]).constant.value().as<std::int64_t>();
  EXPECT_EQ(Integers(indices.begin(), indices.end()), (Integers{2, 1, 0, 1, 2, 1}));
  OnnxGraph cut({-1, 1, 3, 3});
  const Graph smaller =
      cut.normal({cut.add("Pad", {cut.x, cut.constant(int64s({0, 0, -1, 0, 0, 0, 1, 0}))})});
  EXPECT_EQ(op_list(smaller), (Names{"Gather", "Pad"}));
  EXPECT_EQ(output_shape(smaller), (Shape{-1, 1, 3, 3}));
}

TEST(NormalForm, OfAGemmThatIsNoLayerIsMatMulAndAdd) {
  OnnxGraph g({-1, 4});
  const ValueId w = g.add("Transpose", {g.x});
  const Graph graph = g.normal({g.add(
      "Gemm",
      {g.constant(floats({2, 4}, std::vector<float>(8, 1))), w, g.constant(floats({2, 1}, {1, 2}))},
      {{"alpha", 2.0f}})});
  EXPECT_EQ(op_list(graph), (Names{"Transpose", "MatMul", "Add"}));
  EXPECT_EQ(output_shape(graph), (Shape{2, -1}));
}

TEST(NormalForm, OfManyInputsIsAChainOfPairs) {
  OnnxGraph g({-1, 4});
  const Graph graph = g.normal({g.add("Mean", {g.x, g.x, g.x})});
  EXPECT_EQ(op_list(graph), (Names{"Add", "Add", "Div"}));
  OnnxGraph one({-1, 4});
  EXPECT_EQ(op_list(one.normal({one.add("Relu", {one.add("Max", {one.x})})})), (Names{"Relu"}));
}

TEST(NormalForm, OfRangeIsAConstant) {
  OnnxGraph g({-1, 4});
  const auto real = [&](float value) { return g.constant(floats({}, {value})); };
  const ValueId up = g.add("Range", {real(0.5f), real(2.5f), real(0.5f)});
  const Graph graph = g.normal({g.add("Add", {g.x, up})});
  ASSERT_EQ(op_list(graph), (Names{"Add"}));
  EXPECT_EQ(constant(graph, graph.nodes[0].inputs[1]), (std::vector<float>{0.5f, 1, 1.5f, 2}));
  OnnxGraph whole({-1, 3});
  const auto number = [&](std::int64_t value) { return whole.constant(int64s({value})); };
  const ValueId down = whole.add("Range", {number(9), number(0), number(-4)});
  const ValueId one = whole.constant(int64s({1}));
  const ValueId reals =
      whole.add("Cast", {whole.add("Add", {down, one})}, {{"to", std::int64_t{1}}});
  const Graph sum = whole.normal({whole.add("Add", {whole.x, reals})});
  EXPECT_EQ(constant(sum, sum.nodes.back().inputs[1]), (std::vector<float>{10, 6, 2}));
  OnnxGraph still({-1, 3});
  expect_error(ErrorCode::kInvalidFile, {"delta is 0"}, [&] {
    const ValueId zero = still.constant(int64s({0}));
    still.normal({still.add("Add", {still.x, still.add("Range", {zero, zero, zero})})});
  });
}

// Each of these is outside of what is claimed, and must be refused, never computed.
TEST(NormalForm, RefusesWhatIsNotComputed) {
  struct Case {
    const char* op;
    std::vector<Tensor> constants;
    std::map<std::string, Attribute> attributes;
    std::string word;
  };
  const Tensor channels = Tensor(DType::kFloat32, {4});
  const Case cases[] = {
      {"Conv", {Tensor(DType::kFloat32, {4, 4, 3})}, {}, "2-D"},
      {"Conv", {Tensor(DType::kFloat64, {4, 4, 3, 3})}, {}, "float64"},
      {"MaxPool", {}, {{"kernel_shape", Integers{2, 2}}, {"pads", Integers{2, 0, 0, 0}}}, "pads"},
      {"BatchNormalization",
       {channels, channels, channels, channels},
       {{"training_mode", std::int64_t{1}}},
       "training_mode"},
      {"BatchNormalization",
       {channels, channels, channels, channels},
       {{"spatial", std::int64_t{0}}},
       "spatial"},
      {"ReduceMean", {}, {}, "over the batch"},
      {"Softmax", {}, {{"axis", std::int64_t{0}}}, "over the batch"},
      {"Pad", {int64s({1, 0, 0, 0, 0, 0, 0, 0})}, {{"mode", std::string("edge")}}, "batch"},
      {"Resize", {floats({0}, {}), floats({4}, {2, 1, 1, 1})}, {}, "batch"},
      {"Tile", {int64s({2, 1, 1, 1})}, {}, "batch"},
      {"Split", {}, {{"axis", std::int64_t{0}}}, "batch"},
      {"ArgMax", {}, {}, "batch"},
      {"Cast", {}, {{"to", std::int64_t{10}}}, "10"},
      {"Pad", {int64s({1, 0, 0, 0, 0, 0, 0, 0})}, {}, "batch"},
      {"Slice", {int64s({0}), int64s({1}), int64s({0})}, {}, "batch"},
      {"Flatten", {}, {{"axis", std::int64_t{2}}}, "axis"},
      {"Gather", {int64s({0})}, {}, "batch"},
      {"Dropout", {floats({}, {0.5f}), floats({}, {1})}, {}, "training_mode"},
  };
  for (const auto& test : cases) {
    OnnxGraph g({-1, 4, 8, 8});
    std::vector<ValueId> inputs{g.x};
    for (const auto& tensor : test.constants) inputs.push_back(g.constant(tensor));
    expect_error(ErrorCode::kUnsupported, {std::string("node '") + test.op + "_0'", test.word},
                 [&] { g.normal({g.add(test.op, inputs, test.attributes)}); });
  }
  OnnxGraph transposed({-1, 4});
  expect_error(ErrorCode::kUnsupported, {"Gemm_0", "sums over the batch"}, [&] {
    transposed.normal({transposed.add("Gemm", {transposed.x, transposed.zeros({4, 4})},
                                      {{"transA", std::int64_t{1}}})});
  });
  OnnxGraph weights({-1, 4, 8, 8});
  expect_error(ErrorCode::kUnsupported, {"Conv_1", "run time"}, [&] {
    weights.normal({weights.add("Conv", {weights.x, weights.add("Relu", {weights.x})})});
  });
}

}  // namespace
}  // namespace gradus
