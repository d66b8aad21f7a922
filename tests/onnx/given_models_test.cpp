// The pretrained networks of $GRADUS_DATA/models, as users bring them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "gradus/graph/cost.h"
#include "gradus/onnx/onnx.h"
#include "tests/onnx/same_graph.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

struct Given {
  std::string file;
  Shape input, output;
  std::size_t nodes;
  std::int64_t parameters, macs;
  std::set<std::string> ops;
};

void PrintTo(const Given& given, std::ostream* out) { *out << given.file; }

// Nodes: those of the file without Constant, Identity, Dropout and what computes shapes.
const Given kGiven[] = {
    {"resnet20-cifar10-fp32.onnx",
     {-1, 3, 32, 32},
     {-1, 10},
     75,
     269722,
     40551040,
     {"Conv", "BatchNormalization", "Relu", "Add", "Slice", "Pad", "GlobalAveragePool", "Flatten",
      "Gemm"}},
    {"resnet20b-cifar10-fp32.onnx",
     {-1, 3, 32, 32},
     {-1, 10},
     73,
     272474,
     40813184,
     {"Conv", "BatchNormalization", "Relu", "Add", "AveragePool", "Flatten", "Gemm"}},
    {"mobilenet-v1-0.75-imagenet-fp32.onnx",
     {-1, 3, 224, 224},
     {-1, 1000},
     84,
     2585560,
     325400448,
     {"Conv", "BatchNormalization", "Clip", "GlobalAveragePool", "Flatten"}},
    {"squeezenet-v1.0-imagenet-fp32.onnx",
     {-1, 3, 227, 227},
     {-1, 1000},
     65,
     1248424,
     832667936,
     {"Conv", "Relu", "Concat", "MaxPool", "GlobalAveragePool", "Flatten"}},
};

std::string models_folder() {
  const char* data = std::getenv("GRADUS_DATA");
  const char* home = std::getenv("HOME");
  return (data != nullptr ? std::string(data) : std::string(home ? home : "") + "/.cache/gradus") +
         "/models/";
}

class GivenModels : public ::testing::TestWithParam<Given> {
 protected:
  void SetUp() override {
    path_ = models_folder() + GetParam().file;
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not there";
  }
  std::string path_;
};

TEST_P(GivenModels, ImportToTheirShapesWithNothingLeftToFold) {
  const Given& given = GetParam();
  const Graph graph = import_onnx(path_);
  EXPECT_EQ(graph.value(graph.inputs.at(0)).name, "input");
  EXPECT_EQ(graph.value(graph.inputs.at(0)).shape, given.input);
  EXPECT_EQ(graph.value(graph.outputs.at(0)).name, "logits");
  EXPECT_EQ(graph.value(graph.outputs.at(0)).shape, given.output);
  EXPECT_EQ(graph.nodes.size(), given.nodes);
  std::set<std::string> ops;
  for (const auto& node : graph.nodes) ops.insert(node.op);
  EXPECT_EQ(ops, given.ops);
  const Cost cost = graph_cost(graph);
  EXPECT_EQ(cost.parameters, given.parameters);
  EXPECT_EQ(cost.macs, given.macs);
}

TEST_P(GivenModels, ComeBackFromOurExportAsTheyWere) {
  const testing_support::TemporaryFolder folder;
  const Graph graph = import_onnx(path_);
  export_onnx(graph, folder.file("m.onnx"));
  testing_support::expect_same_graph(import_onnx(folder.file("m.onnx")), graph);
}

INSTANTIATE_TEST_SUITE_P(All, GivenModels, ::testing::ValuesIn(kGiven), [](const auto& test) {
  std::string name = std::filesystem::path(test.param.file).stem().string();
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

}  // namespace
}  // namespace gradus
