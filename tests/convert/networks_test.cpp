// The zoo and the reference networks: prepared by every preset, converted, and the same integers as
// graph_codes by way of a RUN.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "gradus/base/error.h"
#include "gradus/convert/convert.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/check_network.h"
#include "gradus/prepare/prepare.h"
#include "gradus/zoo/zoo.h"
#include "tests/convert/graph_codes.h"

namespace gradus {
namespace {

// Every preset finds nothing wrong, and the network converts after a made-up calibration.
void expect_ready(const Graph& network) {
  for (const char* preset : {"w8a8", "w4a4", "w2a2", "w1a2", "w8a32", "float"}) {
    for (BatchNormMode bn : {BatchNormMode::kSeparate, BatchNormMode::kFold}) {
      Recipe recipe = preset_recipe(preset);
      recipe.bn = bn;
      for (const Problem& problem : check_network(network, recipe)) {
        ADD_FAILURE() << preset << ": " << to_string(problem);
      }
      if (recipe.activations.bits == 32 || !recipe.quantize) continue;
      Graph graph = network;
      prepare(graph, recipe);
      for (const Node& node : graph.nodes) {
        EXPECT_TRUE(node.op != "Relu" && node.op != "Clip" && node.op != "BatchNormalization")
            << node.name << " is not fused";
      }
      calibrate_at_random(graph, 1);
      ConvertReport report;
      convert(graph, {}, &report);
      EXPECT_GT(report.float_bytes, 2 * report.integer_bytes);
    }
  }
}

TEST(Networks, OfTheZooAreReady) {
  for (const ZooModel& model : zoo_models()) {
    SCOPED_TRACE(model.name);
    expect_ready(model.build(ZooOptions{}));
  }
}

std::string data_folder() {
  const char* data = std::getenv("GRADUS_DATA");
  const char* home = std::getenv("HOME");
  return data != nullptr ? data : std::string(home ? home : "") + "/.cache/gradus";
}

// Without a Softmax at its end, which changes no class.
void drop_softmax(Graph& graph) {
  const std::int64_t last = graph.producer(graph.outputs.at(0));
  if (last < 0 || graph.nodes[static_cast<std::size_t>(last)].op != "Softmax") return;
  graph.outputs = {graph.nodes[static_cast<std::size_t>(last)].inputs[0]};
  graph.remove_dead();
}

// Topologies from everywhere: integers compute all of it but local response normalization.
TEST(Networks, OfOnnxLightAreReady) {
  const std::string folder = data_folder() + "/suites/onnx-light";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  int networks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().filename());
    Graph graph;
    try {
      graph = import_onnx(entry.path());
    } catch (const Error& error) {
      std::cout << "left out: " << error.what() << "\n";  // larger than import computes constants
      continue;
    }
    drop_softmax(graph);
    prepare(graph, preset_recipe("w8a8"));
    bool whole = true;
    for (const Island& island : islands(graph)) {
      whole = false;
      if (island.op != "LRN") ADD_FAILURE() << island.node << " " << island.op << island.reason;
    }
    ++networks;
    if (!whole) continue;
    calibrate_at_random(graph, 1);
    EXPECT_GT(convert(graph, {}).nodes.size(), 10u);
  }
  EXPECT_GT(networks, 0);
}

class ReferenceNetwork : public testing::TestWithParam<const char*> {};

TEST_P(ReferenceNetwork, IsReady) {
  const std::string path = data_folder() + "/models/" + GetParam();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  expect_ready(import_onnx(path));
}

INSTANTIATE_TEST_SUITE_P(Models, ReferenceNetwork,
                         testing::Values("resnet20-cifar10-fp32.onnx",
                                         "resnet20b-cifar10-fp32.onnx",
                                         "mobilenet-v1-0.75-imagenet-fp32.onnx",
                                         "squeezenet-v1.0-imagenet-fp32.onnx"));

}  // namespace
}  // namespace gradus
