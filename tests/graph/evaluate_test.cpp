#include "gradus/graph/evaluate.h"

#include <gtest/gtest.h>

#include "gradus/floatops/float_op.h"
#include "gradus/graph/op.h"
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

std::vector<float> run(const Graph& graph, const Tensor& x) {
  const auto outputs = evaluate_graph(graph, {&x, 1});
  const auto values = outputs.at(0).as<float>();
  return {values.begin(), values.end()};
}

TEST(EvaluateGraph, TakesABatchOfAnySize) {
  OnnxGraph g({-1, 2, 1, 2});
  const ValueId y = g.add("Conv", {g.x, g.constant(floats({1, 2, 1, 1}, {1, 10}))});
  const Graph graph = g.normal({g.add("Reshape", {y, g.constant(int64s({-1, 2}))})});
  EXPECT_EQ(run(graph, floats({1, 2, 1, 2}, {1, 2, 3, 4})), (std::vector<float>{31, 42}));
  EXPECT_EQ(run(graph, floats({2, 2, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8})),
            (std::vector<float>{31, 42, 75, 86}));
}

TEST(EvaluateGraph, RefusesInputsThatAreNotTheGraphs) {
  OnnxGraph g({-1, 2});
  const Graph graph = g.normal({g.add("Relu", {g.x})});
  expect_error(ErrorCode::kInvalidArgument, {"'x'", "[1, 3]", "[?, 2]"},
               [&] { run(graph, floats({1, 3}, {1, 2, 3})); });
  expect_error(ErrorCode::kInvalidArgument, {"'x'", "int64"}, [&] { run(graph, int64s({1, 2})); });
  expect_error(ErrorCode::kInvalidArgument, {"0 inputs"}, [&] { evaluate_graph(graph, {}); });
}

// What a value computed at run time gives is what the same value gives as a constant.
TEST(EvaluateGraph, ComputesWhatFoldingDoes) {
  const Tensor x = floats({1, 2, 3, 3}, {1, -2, 3, -4, 5, -6, 7, -8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0});
  const auto build = [&](bool constant) {
    OnnxGraph g({1, 2, 3, 3});
    ValueId v = constant ? g.constant(x) : g.x;
    v = g.add("MaxPool", {v}, {{"kernel_shape", Integers{2, 2}}});
    v = g.add("Softplus", {v});
    v = g.add("ReduceMean", {v}, {{"axes", Integers{1}}});
    return g.normal({g.add("Transpose", {v}, {{"perm", Integers{3, 2, 1, 0}}})});
  };
  const Graph folded = build(true);
  EXPECT_TRUE(folded.nodes.empty());
  EXPECT_EQ(run(build(false), x), run(folded, x));
}

TEST(EvaluateGraph, KnowsEveryOperatorButThoseThatNormalFormHasNot) {
  for (const auto& family : graph_ops()) {
    for (const auto& op : family) {
      const bool gone = op.type == "Constant" || op.type == "Shape" || op.type == "Dropout" ||
                        op.type == "Upsample";
      EXPECT_EQ(op.evaluate == nullptr, gone) << op.type;
    }
  }
  for (const auto& family : float_ops()) {
    for (const auto& op : family) EXPECT_NE(find_graph_op(op.type), nullptr) << op.type;
  }
}

TEST(AbsorbAffine, MakesArithmeticAfterALayerPartOfIt) {
  const auto list = [](OnnxGraph& g, std::vector<float> values) {
    return g.constant(floats({2}, values));
  };
  OnnxGraph g({-1, 2, 1, 1});
  const ValueId conv = g.add("Conv", {g.x, g.constant(floats({2, 2, 1, 1}, {1, 0, 0, 1}))});
  const ValueId bias = g.add("Add", {g.constant(floats({2, 1, 1}, {1, 2})), conv});
  const ValueId norm =
      g.add("BatchNormalization",
            {bias, list(g, {1, 2}), list(g, {3, 4}), list(g, {0, 0}), list(g, {1, 1})},
            {{"epsilon", 0.0f}});
  const ValueId scaled = g.add("Mul", {norm, g.constant(floats({1, 2, 1, 1}, {10, 100}))});
  const Graph graph = g.normal({g.add("Add", {scaled, g.constant(floats({1}, {5}))})});
  EXPECT_EQ(op_list(graph), (std::vector<std::string>{"Conv", "BatchNormalization"}));
  EXPECT_EQ(run(graph, floats({1, 2, 1, 1}, {7, 9})),
            (std::vector<float>{((7 + 1) * 1 + 3) * 10 + 5, ((9 + 2) * 2 + 4) * 100 + 5}));
}

TEST(AbsorbAffine, LeavesWhatOthersSeeAndWhatIsNotAChannel) {
  OnnxGraph shared({-1, 2});
  const ValueId y = shared.add("Gemm", {shared.x, shared.zeros({2, 2})});
  const ValueId sum = shared.add("Add", {y, shared.constant(floats({2}, {1, 2}))});
  EXPECT_EQ(op_list(shared.normal({shared.add("Mul", {sum, y})})),
            (std::vector<std::string>{"Gemm", "Add", "Mul"}));
  OnnxGraph rows({-1, 2, 2, 2});
  const ValueId conv = rows.add("Conv", {rows.x, rows.zeros({2, 2, 1, 1})});
  EXPECT_EQ(op_list(rows.normal({rows.add("Add", {conv, rows.constant(floats({2}, {1, 2}))})})),
            (std::vector<std::string>{"Conv", "Add"}));
}

}  // namespace
}  // namespace gradus
