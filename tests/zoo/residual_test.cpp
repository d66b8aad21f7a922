#include "gradus/zoo/residual.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gradus {
namespace {

std::int64_t count(const Graph& graph, const std::string& op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [&](const Node& node) { return node.op == op; });
}

// 6n + 2 weighted layers: 6n + 1 convolutions and a matrix; 3n sums; two shortcuts that change
// shape.
TEST(CifarResnet, HasTheLayersOfItsName) {
  for (const std::int64_t n : {1, 3, 5}) {
    const Graph graph = build_cifar_resnet("net", n, {});
    EXPECT_EQ(count(graph, "Conv"), 6 * n + 1);
    EXPECT_EQ(count(graph, "Add"), 3 * n);
    EXPECT_EQ(count(graph, "Slice"), 2);
    EXPECT_EQ(count(graph, "Pad"), 2);
    EXPECT_EQ(graph.value(graph.find_value("layer3.0.add")).shape, (Shape{-1, 64, 8, 8}));
  }
}

// 1 + 16 + 3 projections for ResNet-18.
TEST(ImagenetResnet, HasProjectionsWhereShapesChange) {
  const Graph graph = build_imagenet_resnet("resnet18", {2, 2, 2, 2}, {});
  EXPECT_EQ(count(graph, "Conv"), 20);
  EXPECT_EQ(count(graph, "Add"), 8);
  EXPECT_EQ(graph.value(graph.find_value("maxpool")).shape, (Shape{-1, 64, 56, 56}));
  EXPECT_EQ(graph.value(graph.find_value("layer4.1.add")).shape, (Shape{-1, 512, 7, 7}));
}

}  // namespace
}  // namespace gradus
