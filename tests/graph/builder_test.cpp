#include "gradus/graph/builder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/check.h"

namespace gradus {
namespace {

TEST(GraphBuilder, NamesConstantsAsPyTorchDoes) {
  GraphBuilder b("net", 1);
  ValueId x = b.input("input", {-1, 3, 8, 8});
  x = b.batch_norm("bn1", b.conv("conv1", x, 4, {}));
  const Graph graph = b.finish(x, "y");
  for (const char* name :
       {"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"}) {
    EXPECT_TRUE(graph.value(graph.find_value(name)).constant.has_value()) << name;
  }
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "y");
  EXPECT_EQ(graph.nodes[0].name, "conv1");
}

TEST(GraphBuilder, DrawsConvolutionWeightsWithTheDeviationOfHeEtAl) {
  GraphBuilder b("net", 1);
  b.conv("conv", b.input("input", {-1, 64, 8, 8}), 128, {.padding = 1});
  const Graph graph = b.finish(2, "y");
  const auto weights = graph.value(graph.find_value("conv.weight")).constant->as<float>();
  double sum = 0.0;
  double squares = 0.0;
  for (float w : weights) {
    sum += static_cast<double>(w);
    squares += static_cast<double>(w) * static_cast<double>(w);
  }
  const auto count = static_cast<double>(weights.size());
  const double expected = std::sqrt(2.0 / (128.0 * 9.0));
  EXPECT_NEAR(sum / count, 0.0, expected * 0.02);
  EXPECT_NEAR(std::sqrt(squares / count), expected, expected * 0.02);
}

TEST(GraphBuilder, HalvesAndPadsChannelsAsOptionAWants) {
  GraphBuilder b("net", 1);
  const ValueId x = b.input("input", {-1, 16, 7, 8});
  const ValueId half = b.halve("slice", x);
  EXPECT_EQ(b.shape(half), (Shape{-1, 16, 4, 4}));
  EXPECT_EQ(b.shape(b.pad_channels("pad", half, 8, 8)), (Shape{-1, 32, 4, 4}));
}

TEST(GraphBuilder, WantsTheBatchInFront) {
  GraphBuilder b("net", 1);
  EXPECT_THROW(b.input("input", {3, 8, 8}), LogicError);
}

}  // namespace
}  // namespace gradus
