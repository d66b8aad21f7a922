// The whole of normalize(): chains that exporters leave, the batch, what is removed.
#include <gtest/gtest.h>

#include "gradus/graph/normal_form.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::int64;
using testing_support::int64s;
using testing_support::Integers;
using testing_support::OnnxGraph;
using testing_support::op_list;
using testing_support::output_shape;

using Names = std::vector<std::string>;
const Attribute kAxis0 = std::int64_t{0};

// x.view(x.size(0), -1)
TEST(Normalize, FoldsAViewWithTheSizeOfTheBatchToFlatten) {
  OnnxGraph g({-1, 8, 4, 4});
  const ValueId size =
      g.add("Gather", {g.add("Shape", {g.x}), g.constant(int64(0))}, {{"axis", kAxis0}});
  const ValueId row = g.add("Unsqueeze", {size, g.constant(int64s({0}))});
  const ValueId shape = g.add("Concat", {row, g.constant(int64s({-1}))}, {{"axis", kAxis0}});
  const Graph graph = g.normal({g.add("Reshape", {g.x, shape})});
  EXPECT_EQ(op_list(graph), (Names{"Flatten"}));
  EXPECT_EQ(output_shape(graph), (Shape{-1, 128}));
}

// Channel shuffle: view(n, groups, c / groups, h, w), transpose, view.
TEST(Normalize, FoldsAChannelShuffleWithComputedSizes) {
  OnnxGraph g({-1, 6, 4, 4});
  const ValueId shape = g.add("Shape", {g.x});
  const auto size = [&](std::int64_t axis) {
    return g.add("Gather", {shape, g.constant(int64s({axis}))}, {{"axis", kAxis0}});
  };
  const ValueId groups = g.constant(int64s({2}));
  const ValueId split =
      g.add("Concat", {size(0), groups, g.add("Div", {size(1), groups}), size(2), size(3)},
            {{"axis", kAxis0}});
  const ValueId y =
      g.add("Transpose", {g.add("Reshape", {g.x, split})}, {{"perm", Integers{0, 2, 1, 3, 4}}});
  const Graph graph = g.normal({g.add("Reshape", {y, shape})});
  EXPECT_EQ(op_list(graph), (Names{"Reshape", "Transpose", "Reshape"}));
  EXPECT_EQ(graph.nodes[0].integers("shape", {}), (Integers{-1, 2, 3, 4, 4}));
  EXPECT_EQ(output_shape(graph), (Shape{-1, 6, 4, 4}));
}

TEST(Normalize, RefusesToComputeWithTheSizeOfTheBatch) {
  OnnxGraph g({-1, 4});
  const ValueId shape = g.add("Shape", {g.x});
  const ValueId twice = g.add("Mul", {shape, g.constant(int64s({2, 1}))});
  expect_error(ErrorCode::kUnsupported, {"Mul_1", "batch"},
               [&] { g.normal({g.add("Reshape", {g.x, twice})}); });
}

TEST(Normalize, RefusesAReshapeThatMixesTheBatchIn) {
  for (const Integers& shape :
       {Integers{1, -1}, Integers{-1, 2}, Integers{4, 4}, Integers{-1, -1}}) {
    OnnxGraph g({-1, 4});
    expect_error(ErrorCode::kInvalidFile, {"Reshape_0", "batch"},
                 [&] { g.normal({g.add("Reshape", {g.x, g.constant(int64s(shape))})}); });
  }
}

TEST(Normalize, TakesTheFilesFixedBatchForTheBatch) {
  OnnxGraph g({-1, 8, 2, 2});
  const Graph graph = g.normal({g.add("Reshape", {g.x, g.constant(int64s({1, 32}))})}, {13, 1});
  EXPECT_EQ(output_shape(graph), (Shape{-1, 32}));
}

TEST(Normalize, RemovesWhatDoesNothingAndKeepsTheOutputsName) {
  OnnxGraph g({-1, 4, 4, 4});
  ValueId y = g.add("Relu", {g.x});
  y = g.add("Dropout", {y});
  y = g.add("Pad", {y, g.constant(int64s(Integers(8, 0)))});
  y = g.add("Slice",
            {y, g.constant(int64s({0})), g.constant(int64s({INT64_MAX})), g.constant(int64s({0}))});
  y = g.add("Transpose", {y}, {{"perm", Integers{0, 1, 2, 3}}});
  y = g.add("Cast", {y}, {{"to", std::int64_t{1}}});
  y = g.add("Concat", {y}, {{"axis", std::int64_t{1}}});
  const Graph graph = g.normal({g.add("Identity", {y})});
  EXPECT_EQ(op_list(graph), (Names{"Relu"}));
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "Identity_7_out");
  EXPECT_EQ(graph.values.size(), 2u);
}

TEST(Normalize, KeepsAnIdentityFromAnInputToAnOutput) {
  OnnxGraph g({-1, 4});
  const Graph graph = g.normal({g.add("Identity", {g.x})});
  EXPECT_EQ(op_list(graph), (Names{"Identity"}));
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "Identity_0_out");
}

TEST(Normalize, KeepsASecondNameOfAnOutput) {
  OnnxGraph g({-1, 4});
  const ValueId y = g.add("Relu", {g.x});
  const Graph graph = g.normal({y, g.add("Identity", {y}), g.add("Identity", {y})});
  EXPECT_EQ(op_list(graph), (Names{"Relu", "Identity", "Identity"}));
}

TEST(Normalize, NamesEveryUnknownOperatorAtOnce) {
  OnnxGraph g({-1, 4});
  const ValueId y = g.add("Foo", {g.add("Bar", {g.add("Foo", {g.x})})});
  expect_error(ErrorCode::kUnsupported, {"Foo (node 'Foo_0')", "Bar (node 'Bar_1')"},
               [&] { g.normal({y}); });
}

TEST(Normalize, RefusesWrongNumbersOfInputsAndUnknownAttributes) {
  OnnxGraph one({-1, 4});
  expect_error(ErrorCode::kInvalidFile, {"Add_0", "1 inputs", "expected 2"},
               [&] { one.normal({one.add("Add", {one.x})}); });
  OnnxGraph left_out({-1, 4});
  expect_error(ErrorCode::kInvalidFile, {"Add_0", "left out"},
               [&] { left_out.normal({left_out.add("Add", {kNoValue, left_out.x})}); });
  OnnxGraph attribute({-1, 4});
  expect_error(ErrorCode::kUnsupported, {"Relu_0", "alpha"}, [&] {
    attribute.normal({attribute.add("Relu", {attribute.x}, {{"alpha", 1.0f}})});
  });
}

}  // namespace
}  // namespace gradus
