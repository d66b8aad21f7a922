#include "gradus/graph/cost.h"

#include <gtest/gtest.h>

#include "gradus/graph/builder.h"

namespace gradus {
namespace {

TEST(Cost, CountsMacsAndParametersByHand) {
  GraphBuilder b("net", 1);
  ValueId x = b.input("input", {-1, 4, 8, 8});
  x = b.conv("conv", x, 6, {.stride = 2, .padding = 1, .groups = 2});  // [6, 2, 3, 3] -> 4x4
  x = b.relu("relu", b.batch_norm("bn", x));
  x = b.flatten("flatten", b.global_average_pool("pool", x));
  const Graph graph = b.finish(b.linear("fc", x, 5), "logits");
  const Cost cost = graph_cost(graph);
  ASSERT_EQ(cost.nodes.size(), graph.nodes.size());
  EXPECT_EQ(cost.nodes[0].macs, 6 * 4 * 4 * 2 * 3 * 3);
  EXPECT_EQ(cost.nodes[0].parameters, 6 * 2 * 3 * 3);
  EXPECT_EQ(cost.nodes[0].output, (Shape{-1, 6, 4, 4}));
  EXPECT_EQ(cost.nodes[1].parameters, 12);  // gamma and beta
  EXPECT_EQ(cost.nodes.back().macs, 30);
  EXPECT_EQ(cost.nodes.back().parameters, 35);
  EXPECT_EQ(cost.parameters, 108 + 12 + 35);
  EXPECT_EQ(cost.macs, 1728 + 30);
}

TEST(Cost, CountsASharedConstantOnce) {
  GraphBuilder b("net", 1);
  const ValueId x = b.input("input", {-1, 4});
  const ValueId w = b.constant("w", {4, 4}, std::vector<float>(16));
  const ValueId y = b.node("fc1", "Gemm", {x, w});
  const Graph graph = b.finish(b.node("fc2", "Gemm", {y, w}), "y");
  EXPECT_EQ(graph_cost(graph).parameters, 16);
}

// A quantized network's biases are integers of the accumulator's unit.
TEST(Cost, CountsABiasOfIntegers) {
  GraphBuilder b("net", 1);
  const ValueId x = b.conv("conv", b.input("input", {-1, 4, 8, 8}), 6, {.padding = 1});
  Graph graph = b.finish(x, "y");
  const std::int64_t without = graph_cost(graph).parameters;
  const ValueId bias =
      graph.add_constant("bias", Tensor::from<std::int32_t>({6}, std::vector<std::int32_t>(6, 1)));
  graph.nodes.at(0).inputs.resize(3, kNoValue);
  graph.nodes[0].inputs[2] = bias;
  EXPECT_EQ(graph_cost(graph).parameters, without + 6);
  EXPECT_EQ(graph_cost(graph).macs, 6 * 64 * 4 * 9);
}

}  // namespace
}  // namespace gradus
