// Whole architectures without trained weights: every .onnx of $GRADUS_DATA/suites/onnx-light, as it
// is shipped and with the seeded weights of the suite's README.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "gradus/base/file.h"
#include "gradus/data/npy.h"
#include "gradus/graph/evaluate.h"
#include "gradus/onnx/onnx.h"
#include "gradus/onnx/read_model.h"
#include "tests/suites/onnx_case.h"
#include "tests/support/suite_case.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

// The README's generator: splitmix64 started at fnv1a64 of the tensor's name.
class Seeded {
 public:
  explicit Seeded(const std::string& name) {
    for (char c : name) {
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    }
  }
  // [0, 1), of 24 bits.
  float next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return static_cast<float>(z >> 40) / 16777216.0f;
  }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

Tensor seeded_weights(const std::string& name, const Shape& shape) {
  Tensor tensor(DType::kFloat32, shape);
  Seeded random(name);
  double inputs = 1.0;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    inputs *= static_cast<double>(shape[axis]);
  }
  const auto width = static_cast<float>(std::sqrt(6.0 / inputs));
  for (float& weight : tensor.as<float>()) {
    const float u = random.next();
    weight = shape.size() >= 2 ? (2.0f * u - 1.0f) * width : 0.5f + u;
  }
  return tensor;
}

// Weights for the output of every ConstantOfShape whose shape is an initializer.
std::map<std::string, Tensor> all_seeded_weights(const fs::path& path) {
  const MappedFile file(path.string());
  onnx::ExternalFiles files(path.string());
  const onnx::ModelProto model = onnx::read_model(file.bytes(), files);
  std::map<std::string, const Tensor*> initializers;
  for (const auto& item : model.initializers) initializers[item.name] = &item.tensor;
  std::map<std::string, Tensor> weights;
  for (const auto& node : model.nodes) {
    if (node.op_type != "ConstantOfShape") continue;
    const auto sizes = initializers.at(node.inputs.at(0))->as<std::int64_t>();
    const std::string& name = node.outputs.at(0);
    weights.emplace(name, seeded_weights(name, {sizes.begin(), sizes.end()}));
  }
  return weights;
}

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
    error = std::max(error, std::abs(static_cast<double>(values[i]) -
                                     static_cast<double>(expected.values[i])));
    size = std::max(size, std::abs(static_cast<double>(expected.values[i])));
  }
  return error / size;
}

std::ptrdiff_t top(std::span<const float> values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

std::vector<fs::path> networks() {
  std::vector<fs::path> paths;
  const fs::path folder = testing_support::suite_folder("onnx-light");
  if (!fs::is_directory(folder)) return paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string beside(fs::path path, const std::string& ending) {
  return (path.parent_path() / (path.stem().string() + ending)).string();
}

TEST(OnnxLight, EachNetworkAsItIsShippedGivesItsOutput) {
  if (networks().empty()) GTEST_SKIP() << "suite onnx-light is not there";
  for (const auto& path : networks()) {
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
  if (networks().empty()) GTEST_SKIP() << "suite onnx-light is not there";
  for (const auto& path : networks()) {
    ImportOptions options;
    options.constants = all_seeded_weights(path);
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
