#include "gradus/graph/shape_inference.h"

#include <gtest/gtest.h>

#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::Integers;
using testing_support::OnnxGraph;

TEST(InferShapes, FollowsTheInputWhenItChanges) {
  OnnxGraph g({-1, 3, 8, 8});
  ValueId y = g.add("Conv", {g.x, g.zeros({5, 3, 3, 3})}, {{"strides", Integers{2, 2}}});
  y = g.add("Flatten", {g.add("Relu", {y})});
  Graph graph = g.normal({y});
  EXPECT_EQ(testing_support::output_shape(graph), (Shape{-1, 45}));
  graph.value(graph.inputs[0]).shape = Shape{-1, 3, 10, 10};
  infer_shapes(graph);
  EXPECT_EQ(testing_support::output_shape(graph), (Shape{-1, 80}));
}

TEST(InferShapes, BroadcastsTheBatchOnlyWithItselfAndOne) {
  OnnxGraph g({-1, 3, 2, 2});
  const ValueId y = g.add("Add", {g.x, g.zeros({3, 1, 1})});
  EXPECT_EQ(testing_support::output_shape(g.normal({y})), (Shape{-1, 3, 2, 2}));
  OnnxGraph wrong({-1, 3, 2, 2});
  expect_error(ErrorCode::kInvalidFile, {"Add_0", "broadcast"},
               [&] { wrong.normal({wrong.add("Add", {wrong.x, wrong.zeros({5, 3, 2, 2})})}); });
}

TEST(InferShapes, RefusesSizesThatNoMachineHolds) {
  OnnxGraph g({-1, 3, 100'000, 100'000});
  expect_error(ErrorCode::kInvalidFile, {"Relu_0", "2^31"},
               [&] { g.normal({g.add("Relu", {g.x})}); });
}

TEST(InferShapes, NamesAnUnknownOperator) {
  Graph graph;
  expect_error(ErrorCode::kUnsupported, {"'n' (Foo)"},
               [&] { infer_node(graph, {"n", "Foo", {}, {}, {}}); });
}

}  // namespace
}  // namespace gradus
