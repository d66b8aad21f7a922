// Whole architectures without trained weights: every .onnx of $GRADUS_DATA/suites/onnx-light, as it
// is shipped and with the seeded weights of the suite's README.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "gradus/data/npy.h"
#include "gradus/graph/evaluate.h"
#include "gradus/onnx/onnx.h"
#include "tests/suites/onnx_case.h"
#include "tests/suites/onnx_light.h"
#include "tests/support/suite_case.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

// arange(n) / n in the input's shape.
Tensor ramp(const Graph& graph) {
  Shape shape = graph.value(graph.inputs.at(0)).shape.value();
  shape[0] = 1;
  Tensor tensor(DType::kFloat32, shape);
  const auto data = tensor.as<float>();
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<float>(i) / static_cast<float>(data.size());
  }
  return tensor;
}

double largest_error(const Tensor& found, const NpyArray& expected) {
  const auto values = found.as<float>();
  if (values.size() != expected.values.size()) return HUGE_VAL;
  double error = 0.0, size = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error = std::max(
        error, std::abs(static_cast<double>(values[i]) - static_cast<double>(expected.values[i])));
    size = std::max(size, std::abs(static_cast<double>(expected.values[i])));
  }
  return error / size;
}

std::ptrdiff_t top(std::span<const float> values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

std::string beside(fs::path path, const std::string& ending) {
  return (path.parent_path() / (path.stem().string() + ending)).string();
}

TEST(OnnxLight, EachNetworkAsItIsShippedGivesItsOutput) {
  if (testing_support::onnx_light_networks().empty())
    GTEST_SKIP() << "suite onnx-light is not there";
  for (const auto& path : testing_support::onnx_light_networks()) {
    const Graph graph = import_onnx(path.string());
    const Tensor input = ramp(graph);
    const Tensor found = evaluate_graph(graph, {&input, 1}).at(0);
    const Tensor expected = testing_support::read_tensor_file(beside(path, "_output_0.pb"));
    // The suite's own tolerance; DenseNet's is wider.
    const bool dense = path.stem().string().find("densenet") != std::string::npos;
    EXPECT_EQ(testing_support::difference(found, expected, dense ? 2e-3 : 1e-3, 1e-7), "") << path;
  }
}

TEST(OnnxLight, EachNetworkWithSeededWeightsGivesItsLogits) {
  if (testing_support::onnx_light_networks().empty())
    GTEST_SKIP() << "suite onnx-light is not there";
  for (const auto& path : testing_support::onnx_light_networks()) {
    ImportOptions options;
    options.constants = testing_support::seeded_weights(path);
    Graph graph = import_onnx(path.string(), options);
    options.constants.clear();
    const Tensor input = ramp(graph);
    const Node last = graph.nodes.at(static_cast<std::size_t>(graph.producer(graph.outputs[0])));
    const bool logits = fs::exists(beside(path, "_seeded_logits.npy"));
    if (logits) {
      ASSERT_EQ(last.op, "Softmax") << path;
      graph.outputs.push_back(last.inputs[0]);
    }
    const std::vector<Tensor> found = evaluate_graph(graph, {&input, 1});
    const NpyArray output = load_npy(beside(path, "_seeded_output.npy"));
    const NpyArray reference = logits ? load_npy(beside(path, "_seeded_logits.npy")) : output;
    const double error = largest_error(found.back(), reference);
    std::cout << path.stem().string() << ": largest error " << error << " of the largest logit\n";
    EXPECT_LE(error, 2e-5) << path;
    EXPECT_EQ(top(found[0].as<float>()), top(output.values)) << path;
  }
}

}  // namespace
}  // namespace gradus
