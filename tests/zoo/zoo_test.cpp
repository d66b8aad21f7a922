#include "gradus/zoo/zoo.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "gradus/graph/cost.h"
#include "gradus/graph/op.h"
#include "gradus/graph/shape_inference.h"

namespace gradus {
namespace {

bool same_weights(const Graph& a, const Graph& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (!a.values[i].constant) continue;
    const auto x = a.values[i].constant->bytes();
    const auto y = b.values[i].constant->bytes();
    if (!std::equal(x.begin(), x.end(), y.begin(), y.end())) return false;
  }
  return true;
}

// With the default options, built once.
const Graph& built(const ZooModel& model) {
  static std::map<std::string, Graph> graphs;
  const auto found = graphs.find(model.name);
  return found != graphs.end() ? found->second
                               : graphs.emplace(model.name, model.build({})).first->second;
}

TEST(ZooModels, EachBuildsAValidGraphInNormalForm) {
  std::set<std::string> names;
  for (const auto& model : zoo_models()) {
    SCOPED_TRACE(model.name);
    EXPECT_TRUE(names.insert(model.name).second);
    EXPECT_FALSE(model.help.empty());
    Graph graph = built(model);
    graph.verify();
    infer_shapes(graph);
    for (const auto& node : graph.nodes) EXPECT_NE(find_graph_op(node.op), nullptr) << node.op;
    ASSERT_EQ(graph.inputs.size(), 1u);
    ASSERT_EQ(graph.outputs.size(), 1u);
    const Value& input = graph.value(graph.inputs[0]);
    const Value& output = graph.value(graph.outputs[0]);
    EXPECT_EQ(input.name, "input");
    EXPECT_EQ(output.name, "logits");
    ASSERT_EQ(input.shape->size(), 4u);
    EXPECT_EQ((*input.shape)[0], -1);
    EXPECT_EQ((*input.shape)[1], 3);
    EXPECT_EQ(output.shape->size(), 2u);
  }
}

TEST(ZooModels, EachGivesTheSameWeightsForTheSameSeedAndOthersForAnother) {
  for (const auto& model : zoo_models()) {
    EXPECT_TRUE(same_weights(built(model), model.build({}))) << model.name;
    const Graph other = model.build({.seed = 6, .classes = 7});
    EXPECT_FALSE(same_weights(built(model), other)) << model.name;
    EXPECT_EQ(other.value(other.outputs[0]).shape, (Shape{-1, 7})) << model.name;
  }
}

// Parameters: torchvision for ResNet-18, MobileNetV2 and V3, ShuffleNetV2, timm for
// EfficientNet-Lite0 (to the unit), He et al. table 6 for CIFAR (0.27 M, 0.46 M, 0.85 M), LQ-Nets
// for VGG-Small (4.6 M). Multiply-adds: torchvision's 1.81 G and 0.30 G, He et al.'s plan for the
// others.
TEST(ZooModels, EachCostsWhatWasPublished) {
  struct Published {
    double parameters, tolerance, macs;
  };
  const std::map<std::string, Published> published = {{"small", {42906, 0, 7.5e6}},
                                                      {"resnet20", {0.27e6, 0.005e6, 40.6e6}},
                                                      {"resnet32", {0.46e6, 0.005e6, 69e6}},
                                                      {"resnet56", {0.85e6, 0.005e6, 125.5e6}},
                                                      {"vgg-small", {4.6e6, 0.07e6, 608e6}},
                                                      {"resnet18", {11689512, 0, 1814e6}},
                                                      {"mobilenet-v2", {3504872, 0, 300.8e6}},
                                                      {"mobilenet-v3-small", {2542856, 0, 56.5e6}},
                                                      {"shufflenet-v2", {2278604, 0, 144.9e6}},
                                                      {"efficientnet-lite0", {4652008, 0, 386e6}}};
  for (const auto& model : zoo_models()) {
    ASSERT_TRUE(published.contains(model.name)) << "write down what " << model.name << " costs";
    const Published& expected = published.at(model.name);
    const Cost cost = graph_cost(built(model));
    EXPECT_NEAR(static_cast<double>(cost.parameters), expected.parameters, expected.tolerance)
        << model.name;
    EXPECT_NEAR(static_cast<double>(cost.macs), expected.macs, 0.005 * expected.macs) << model.name;
  }
}

}  // namespace
}  // namespace gradus
