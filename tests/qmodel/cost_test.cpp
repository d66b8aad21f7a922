#include "gradus/qmodel/cost.h"

#include <gtest/gtest.h>

#include "tests/support/random_model.h"

namespace gradus {
namespace {

QTensor tensor(const char* name, std::int32_t extent, std::int32_t channels) {
  QTensor t;
  t.name = name;
  t.height = t.width = extent;
  t.channels = channels;
  return t;
}

TEST(Cost, CountsAConvolution) {
  QConv conv;
  conv.kernel_h = conv.kernel_w = 3;
  conv.stride_h = conv.stride_w = 2;
  conv.pad_top = conv.pad_left = 1;
  conv.weights.bits = 3;
  conv.weights.codes.assign(3 * 3 * 5 * 7, 0);
  conv.weights.zero_point = {0};
  conv.bias.assign(7, 0);
  conv.output.accumulator_scale.assign(7, 1.0);
  QModel model;
  model.tensors = {tensor("in", 8, 5), tensor("out", 4, 7)};
  model.nodes = {{"conv", conv, {0}, 1}};
  const NodeCost cost = node_cost(model, model.nodes[0]);
  EXPECT_EQ(cost.weights, 315);
  EXPECT_EQ(cost.weight_bits, 3);
  EXPECT_EQ(cost.weight_bytes, (315 * 3 + 7) / 8);
  EXPECT_EQ(cost.parameter_bytes, 4 * (7 + 1) + 8 * 7);
  EXPECT_EQ(cost.float_bytes, 4 * (315 + 7));
  EXPECT_EQ(cost.macs, 315 * 4 * 4);
  EXPECT_EQ(cost.activation_bytes, 8 * 8 * 5 + 4 * 4 * 7);
}

TEST(Cost, AddsUpToTheTotal) {
  const QModel model = testing_support::random_model(5, {.nodes = 12});
  NodeCost sum;
  for (const NodeCost& cost : model_cost(model)) {
    sum.macs += cost.macs;
    sum.weight_bytes += cost.weight_bytes;
    sum.activation_bytes += cost.activation_bytes;
  }
  EXPECT_EQ(model_cost(model).size(), model.nodes.size());
  EXPECT_EQ(total_cost(model).macs, sum.macs);
  EXPECT_EQ(total_cost(model).weight_bytes, sum.weight_bytes);
  EXPECT_EQ(total_cost(model).activation_bytes, sum.activation_bytes);
  EXPECT_EQ(node_cost(model, model.nodes[0]).macs, 0);
}

}  // namespace
}  // namespace gradus
