#include "gradus/prepare/groups.h"

#include <gtest/gtest.h>

#include <vector>

#include "gradus/graph/shape_inference.h"
#include "tests/graph/small_graphs.h"

namespace gradus {
namespace {

using testing_support::OnnxGraph;

std::vector<bool> inner_nodes(const Graph& graph) {
  std::vector<bool> inner;
  for (const Node& node : graph.nodes) inner.push_back(is_inner(node));
  return inner;
}

TEST(MarkGroups, TakesFunctionsOfOneTensor) {
  OnnxGraph g({-1, 3, 4, 4});
  const ValueId a = g.add("Sigmoid", {g.x});
  const ValueId b = g.add("Mul", {g.x, a});
  const ValueId c = g.add("Tanh", {b});
  g.graph.outputs = {c};
  infer_shapes(g.graph);
  mark_groups(g.graph);
  EXPECT_EQ(inner_nodes(g.graph), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(&root_of(g.graph, g.graph.nodes[0]), &g.graph.nodes[2]);
  EXPECT_EQ(group_of(g.graph, g.graph.nodes[2]).size(), 3u);
  EXPECT_EQ(source_of(g.graph, g.graph.nodes[2]), g.x);
}

TEST(MarkGroups, StopsWhereAnotherReadsOrLeaves) {
  OnnxGraph g({-1, 3, 4, 4});
  const ValueId a = g.add("Sigmoid", {g.x});
  const ValueId b = g.add("Tanh", {a});
  const ValueId c = g.add("Exp", {b});
  const ValueId d = g.add("GlobalAveragePool", {b});
  const ValueId e = g.add("Neg", {a});
  g.graph.outputs = {c, d, e};
  infer_shapes(g.graph);
  mark_groups(g.graph);
  EXPECT_EQ(inner_nodes(g.graph), (std::vector<bool>{false, false, false, false, false}));
}

TEST(MarkGroups, KeepsTheLargestSetThatReadsOneTensor) {
  OnnxGraph g({-1, 3, 4, 4});
  const ValueId left = g.add("GlobalMaxPool", {g.x});
  const ValueId right = g.add("GlobalAveragePool", {g.x});
  const ValueId sum = g.add("Add", {left, right});
  const ValueId out = g.add("Sigmoid", {sum});
  g.graph.outputs = {out};
  infer_shapes(g.graph);
  mark_groups(g.graph);
  EXPECT_EQ(inner_nodes(g.graph), (std::vector<bool>{false, false, false, false}));
}

// A file may hold a chain of any length: time and groups stay bounded.
TEST(MarkGroups, CutsALongChainIntoGroupsOf64) {
  OnnxGraph g({-1, 3, 4, 4});
  ValueId x = g.x;
  for (int i = 0; i < 200; ++i) x = g.add("Sigmoid", {x});
  g.graph.outputs = {x};
  infer_shapes(g.graph);
  mark_groups(g.graph);
  std::vector<std::size_t> sizes;
  for (const Node& node : g.graph.nodes) {
    if (!is_inner(node)) sizes.push_back(group_of(g.graph, node).size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{8, 64, 64, 64}));
}

}  // namespace
}  // namespace gradus
