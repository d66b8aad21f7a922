#include "gradus/graph/graph.h"

#include <gtest/gtest.h>

#include <utility>

#include "gradus/base/check.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::OnnxGraph;

TEST(Node, GivesAnAttributeOrTheDefault) {
  Node node{"n", "Conv", {}, {}, {{"group", std::int64_t{3}}, {"epsilon", 0.5f}}};
  EXPECT_EQ(node.integer("group", 1), 3);
  EXPECT_EQ(node.integer("axis", 7), 7);
  EXPECT_EQ(node.real("epsilon", 0.0f), 0.5f);
  EXPECT_EQ(node.text("auto_pad", "NOTSET"), "NOTSET");
  EXPECT_EQ(node.input(2), kNoValue);
}

TEST(Node, RefusesAnAttributeOfAnotherType) {
  const Node node{"n", "Conv", {}, {}, {{"group", 1.0f}}};
  expect_error(ErrorCode::kInvalidFile, {"'n' (Conv)", "'group'"},
               [&] { node.integer("group", 1); });
}

TEST(Graph, GivesATakenNameASuffix) {
  Graph graph;
  for (int i = 0; i < 3; ++i) {
    Value value;
    value.name = "v";
    graph.add_value(std::move(value));
  }
  EXPECT_EQ(graph.values[1].name, "v_1");
  EXPECT_EQ(graph.values[2].name, "v_2");
  EXPECT_EQ(graph.find_value("v_2"), 2);
  expect_error(ErrorCode::kInvalidArgument, {"'w'"}, [&] { graph.find_value("w"); });
}

TEST(Graph, FindsAFreeNameHoweverTheOthersCameToTheirs) {
  Graph graph;
  const auto add = [&](const std::string& name) {
    Value value;
    value.name = name;
    return graph.value(graph.add_value(std::move(value))).name;
  };
  EXPECT_EQ(add("v_1"), "v_1");
  EXPECT_EQ(add("v"), "v");
  EXPECT_EQ(add("v"), "v_2");
  Value own;  // put there by hand
  own.name = "w";
  graph.values.push_back(std::move(own));
  EXPECT_EQ(add("w"), "w_1");
  graph.rename(1, "x");
  EXPECT_EQ(add("x"), "x_1");
  EXPECT_EQ(add("v"), "v_3");
  graph.values.resize(1);
  EXPECT_EQ(add("w"), "w");
  graph.verify();
}

TEST(Graph, NamesThousandsOfValuesAlikeAtOnce) {
  Graph graph;
  for (int i = 0; i < 100'000; ++i) {
    Value value;
    value.name = "v";
    graph.add_value(std::move(value));
  }
  EXPECT_EQ(graph.values.back().name, "v_99999");
}

TEST(Graph, KnowsProducersAndConsumers) {
  OnnxGraph g({-1, 4});
  const ValueId a = g.add("Relu", {g.x});
  const ValueId b = g.add("Add", {a, a});
  g.graph.outputs = {b};
  EXPECT_EQ(g.graph.producer(g.x), -1);
  EXPECT_EQ(g.graph.producer(b), 1);
  EXPECT_EQ(g.graph.consumers(a), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(g.graph.is_output(b));
  g.graph.replace_uses(b, a);
  EXPECT_EQ(g.graph.outputs, (std::vector<ValueId>{a}));
}

TEST(Graph, KnowsProducersAfterNodesMoved) {
  OnnxGraph g({-1, 4});
  std::vector<ValueId> made;
  for (int i = 0; i < 5; ++i) made.push_back(g.add("Relu", {i == 0 ? g.x : made.back()}));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(g.graph.producer(made[static_cast<std::size_t>(i)]), i);
  g.graph.nodes.erase(g.graph.nodes.begin() + 1);
  EXPECT_EQ(g.graph.producer(made[0]), 0);
  EXPECT_EQ(g.graph.producer(made[1]), -1);
  EXPECT_EQ(g.graph.producer(made[2]), 1);
  EXPECT_EQ(g.graph.producer(made[4]), 3);
  std::swap(g.graph.nodes[0], g.graph.nodes[3]);
  EXPECT_EQ(g.graph.producer(made[0]), 3);
  EXPECT_EQ(g.graph.producer(made[4]), 0);
}

TEST(Graph, SortsProducersFirstAndKeepsASortedOrder) {
  OnnxGraph g({-1, 4});
  const ValueId a = g.add("Relu", {g.x});
  const ValueId b = g.add("Relu", {a});
  const ValueId c = g.add("Relu", {g.x});
  g.graph.outputs = {g.add("Add", {b, c})};
  const auto names = [&] {
    std::vector<std::string> list;
    for (const auto& node : g.graph.nodes) list.push_back(node.name);
    return list;
  };
  const auto sorted = names();
  g.graph.sort();
  EXPECT_EQ(names(), sorted);
  std::swap(g.graph.nodes[0], g.graph.nodes[3]);
  std::swap(g.graph.nodes[1], g.graph.nodes[2]);
  g.graph.sort();
  g.graph.verify();
}

TEST(Graph, RefusesACycleAndNamesANodeOfIt) {
  OnnxGraph g({-1, 4});
  const ValueId a = g.add("Relu", {g.x});
  const ValueId b = g.add("Relu", {a});
  g.graph.nodes[0].inputs = {b};
  g.graph.outputs = {b};
  expect_error(ErrorCode::kInvalidFile, {"Relu_0", "cycle"}, [&] { g.graph.sort(); });
}

TEST(Graph, RemovesWhatReachesNoOutputAndKeepsInputs) {
  OnnxGraph g({-1, 4});
  const ValueId used = g.add("Relu", {g.x});
  g.add("Add", {g.x, g.zeros({4})});
  g.graph.outputs = {used};
  g.graph.remove_dead();
  g.graph.verify();
  EXPECT_EQ(g.graph.nodes.size(), 1u);
  EXPECT_EQ(g.graph.values.size(), 2u);
}

TEST(Graph, VerifyFindsBrokenOrderAndTakenNames) {
  OnnxGraph g({-1, 4});
  const ValueId a = g.add("Relu", {g.x});
  g.graph.outputs = {g.add("Relu", {a})};
  g.graph.verify();
  Graph wrong_order = g.graph;
  std::swap(wrong_order.nodes[0], wrong_order.nodes[1]);
  EXPECT_THROW(wrong_order.verify(), LogicError);
  Graph taken = g.graph;
  taken.values[1].name = taken.values[0].name;
  EXPECT_THROW(taken.verify(), LogicError);
  Graph out_of_range = g.graph;
  out_of_range.outputs = {99};
  EXPECT_THROW(out_of_range.verify(), LogicError);
  Graph twice = g.graph;
  twice.nodes[1].outputs = twice.nodes[0].outputs;
  EXPECT_THROW(twice.verify(), LogicError);
}

}  // namespace
}  // namespace gradus
