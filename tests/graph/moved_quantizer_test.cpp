#include "gradus/graph/moved_quantizer.h"

#include <gtest/gtest.h>

namespace gradus {
namespace {

// A graph with a constant of `shape` on a grid with one scale a slice along `axis`; -1: one for
// all.
Graph graph_of(const Shape& shape, int axis) {
  Graph graph;
  Quantizer quantizer;
  quantizer.spec.per_channel = axis >= 0;
  quantizer.spec.axis = std::max(axis, 0);
  const auto slices =
      static_cast<std::size_t>(axis < 0 ? 1 : shape[static_cast<std::size_t>(axis)]);
  quantizer.parameters = {std::vector<float>(slices, 0.5f), std::vector<std::int32_t>(slices)};
  graph.quantizers.push_back(quantizer);
  const ValueId id = graph.add_constant("w", Tensor(DType::kFloat32, shape));
  graph.value(id).quantizer = 0;
  return graph;
}

Node moving(const std::string& op) {
  Node node;
  node.name = "move";
  node.op = op;
  node.inputs = {0};
  return node;
}

// The axis of the result's slices; -1 where it has no quantizer.
int axis_after(const Shape& from, int axis, const std::string& op, const Shape& to) {
  Graph graph = graph_of(from, axis);
  const QuantizerId id = moved_quantizer(graph, moving(op), to);
  return id == kNoQuantizer ? -1 : graph.quantizers.at(static_cast<std::size_t>(id)).spec.axis;
}

TEST(MovedQuantizer, OneScaleGoesWithWhateverMoves) {
  for (const char* op : {"Reshape", "Unsqueeze", "Transpose", "Slice", "Gather"}) {
    Graph graph = graph_of({4, 3}, -1);
    EXPECT_EQ(moved_quantizer(graph, moving(op), {3, 4}), 0) << op;
  }
  for (const char* op : {"Relu", "Conv", "Add", "NoSuchOperator"}) {
    Graph graph = graph_of({4, 3}, -1);
    EXPECT_EQ(moved_quantizer(graph, moving(op), {4, 3}), kNoQuantizer) << op;
  }
  Graph plain = graph_of({4}, -1);
  plain.value(0).quantizer = kNoQuantizer;
  EXPECT_EQ(moved_quantizer(plain, moving("Reshape"), {2, 2}), kNoQuantizer);
}

TEST(MovedQuantizer, SlicesStaySlicesWhereOnlySizesChange) {
  EXPECT_EQ(axis_after({4, 3, 5}, 0, "Unsqueeze", {4, 3, 1, 5}), 0);
  EXPECT_EQ(axis_after({4, 3, 5}, 2, "Unsqueeze", {4, 3, 1, 5}), 3);
  EXPECT_EQ(axis_after({4, 3}, 0, "Unsqueeze", {1, 4, 3}), 1);
  EXPECT_EQ(axis_after({4, 1, 3}, 2, "Squeeze", {4, 3}), 1);
  EXPECT_EQ(axis_after({4, 3, 2, 2}, 0, "Reshape", {4, 12}), 0);
  EXPECT_EQ(axis_after({4, 3, 2}, 1, "Reshape", {2, 2, 3, 2}), 2);
  // Cut into pieces, or mixed with others.
  EXPECT_EQ(axis_after({4, 3}, 0, "Reshape", {2, 6}), -1);
  EXPECT_EQ(axis_after({4, 6}, 1, "Reshape", {8, 3}), -1);
  EXPECT_EQ(axis_after({4, 3}, 1, "Reshape", {3, 4}), -1);
  EXPECT_EQ(axis_after({4, 3}, 0, "Transpose", {3, 4}), -1);
  EXPECT_EQ(axis_after({4, 3}, 0, "Slice", {2, 3}), -1);
}

}  // namespace
}  // namespace gradus
