#include "tests/suites/onnx_light.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/file.h"
#include "gradus/onnx/read_model.h"
#include "tests/support/suite_case.h"

namespace gradus::testing_support {
namespace {

namespace fs = std::filesystem;

// The README's generator: splitmix64 started at fnv1a64 of the tensor's name.
class Seeded {
 public:
  explicit Seeded(const std::string& name) {
    for (char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
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

Tensor seeded(const std::string& name, const Shape& shape) {
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

}  // namespace

std::vector<fs::path> onnx_light_networks() {
  std::vector<fs::path> paths;
  const fs::path folder = suite_folder("onnx-light");
  if (!fs::is_directory(folder)) return paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::map<std::string, Tensor> seeded_weights(const fs::path& path) {
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
    weights.emplace(name, seeded(name, {sizes.begin(), sizes.end()}));
  }
  return weights;
}

}  // namespace gradus::testing_support
