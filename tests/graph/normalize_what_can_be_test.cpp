#include <gtest/gtest.h>

#include "tests/graph/small_graphs.h"

namespace gradus {
namespace {

using testing_support::Integers;
using testing_support::OnnxGraph;
using testing_support::op_list;

struct Looked {
  Graph graph;
  NotNormalized rest;
  std::vector<std::string> told;
};

Looked look_at(OnnxGraph& g, std::vector<ValueId> outputs,
               const std::set<std::string>& unusable = {}) {
  Looked looked;
  std::vector<Error> errors;
  ErrorSink sink(errors);
  g.graph.outputs = std::move(outputs);
  looked.rest = normalize_what_can_be(g.graph, {}, unusable, sink);
  looked.graph = g.graph;
  for (const Error& error : errors) looked.told.emplace_back(error.what());
  return looked;
}

std::vector<std::string> names(const std::vector<Node>& nodes) {
  std::vector<std::string> list;
  for (const Node& node : nodes) list.push_back(node.name);
  return list;
}

TEST(NormalizeWhatCanBe, IsNormalizeWhereNothingIsWrong) {
  OnnxGraph g({-1, 4, 8, 8});
  const Looked looked = look_at(g, {g.add("Relu", {g.add("Identity", {g.x})})});
  EXPECT_TRUE(looked.told.empty());
  EXPECT_TRUE(looked.rest.left_out.empty());
  EXPECT_TRUE(looked.rest.guessed.empty());
  EXPECT_EQ(op_list(looked.graph), (std::vector<std::string>{"Relu"}));
}

TEST(NormalizeWhatCanBe, GoesOnBehindANodeThatIsWrongAsIfItKeptTheShape) {
  OnnxGraph g({-1, 4, 8, 8});
  const ValueId before = g.add("Relu", {g.x});
  const ValueId bad = g.add("Det", {before});
  const ValueId behind = g.add("Tanh", {bad});
  const Looked looked = look_at(g, {behind});
  ASSERT_EQ(looked.told.size(), 1u);
  EXPECT_NE(looked.told[0].find("node 'Det_1' (Det): is not an operator"), std::string::npos);
  EXPECT_EQ(names(looked.rest.left_out), (std::vector<std::string>{"Det_1"}));
  EXPECT_EQ(looked.rest.guessed, (std::set<std::string>{"Tanh_2"}));
  EXPECT_EQ(op_list(looked.graph), (std::vector<std::string>{"Relu", "Tanh"}));
  EXPECT_EQ(looked.graph.inputs.size(), 2u);   // x, and what Det would have made
  EXPECT_EQ(looked.graph.outputs.size(), 2u);  // what Tanh makes, and what Det would have read
}

TEST(NormalizeWhatCanBe, TellsBehindAGuessOnlyWhatEveryShapeIsWrongFor) {
  OnnxGraph g({-1, 4, 8, 8});
  const ValueId bad = g.add("Det", {g.x});
  const ValueId misfit = g.add("Conv", {bad, g.zeros({2, 7, 1, 1})});
  const ValueId mode =
      g.add("DepthToSpace", {bad}, {{"blocksize", std::int64_t{2}}, {"mode", "XYZ"}});
  const ValueId unknown = g.add("Relu", {misfit}, {{"slope", 1.0f}, {"other", 1.0f}});
  const ValueId axis = g.add("Softmax", {bad}, {{"axis", std::int64_t{7}}});
  // Six channels would do, or nine pixels; or three axes.
  const ValueId groups = g.add("Conv", {bad, g.zeros({6, 2, 1, 1})}, {{"group", std::int64_t{3}}});
  const ValueId window = g.add("MaxPool", {bad}, {{"kernel_shape", Integers{9, 9}}});
  const ValueId line = g.add("MaxPool", {bad}, {{"kernel_shape", Integers{3}}});
  const Looked looked = look_at(g, {mode, unknown, axis, groups, window, line});
  ASSERT_EQ(looked.told.size(), 4u);
  EXPECT_NE(looked.told[0].find("Det_0"), std::string::npos);
  EXPECT_NE(looked.told[1].find("attribute mode is 'XYZ'"), std::string::npos);
  EXPECT_NE(looked.told[2].find("attribute other"), std::string::npos);
  EXPECT_NE(looked.told[3].find("attribute slope"), std::string::npos);
}

TEST(NormalizeWhatCanBe, TellsOfEachBranchForItself) {
  OnnxGraph g({-1, 4, 8, 8});
  std::vector<ValueId> ends;
  for (std::int64_t group : {3, 5, 7}) {
    ends.push_back(g.add("Conv", {g.x, g.zeros({4, 4, 1, 1})}, {{"group", group}}));
  }
  EXPECT_EQ(look_at(g, ends).told.size(), 3u);
}

TEST(NormalizeWhatCanBe, LeavesOutWhatTheCallerKnowsToBeWrongWithoutAWord) {
  OnnxGraph g({-1, 4, 8, 8});
  const Looked looked = look_at(g, {g.add("Relu", {g.x})}, {"Relu_0"});
  EXPECT_TRUE(looked.told.empty());
  EXPECT_EQ(names(looked.rest.left_out), (std::vector<std::string>{"Relu_0"}));
  EXPECT_TRUE(looked.graph.nodes.empty());
}

TEST(NormalizeWhatCanBe, MakesNothingOfANodeThatFailsHalfWay) {
  // The second output, the mask, is as long as the batch; the first would have been fine.
  OnnxGraph g({-1, 4});
  Value mask;
  mask.name = "mask";
  const ValueId second = g.graph.add_value(std::move(mask));
  const ValueId first = g.add("Dropout", {g.x});
  g.graph.nodes.back().outputs.push_back(second);
  const ValueId end = g.add("Relu", {first});
  const Looked looked = look_at(g, {end, second});
  ASSERT_EQ(looked.told.size(), 1u);
  EXPECT_EQ(looked.rest.guessed, (std::set<std::string>{"Relu_1"}));
}

}  // namespace
}  // namespace gradus
