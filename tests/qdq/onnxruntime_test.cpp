// Quantized networks of ONNX Runtime on our integers, and ours on ONNX Runtime.
// Needs a Python with onnx, onnxruntime and numpy: GRADUS_PYTHON, else python3.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "gradus/convert/convert.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qdq/to_qdq.h"
#include "gradus/runtime/reference.h"
#include "tests/qdq/quantized_networks.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using namespace testing_quantized;
using testing_support::TemporaryFolder;
namespace fs = std::filesystem;

std::string python() {
  const char* named = std::getenv("GRADUS_PYTHON");
  return named != nullptr ? named : "python3";
}

bool run_script(const std::string& arguments) {
  return std::system((python() + " " + GRADUS_QDQ_SCRIPT + " " + arguments).c_str()) == 0;
}

template <typename T>
std::vector<T> load(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> numbers(static_cast<std::size_t>(std::max<std::streamoff>(0, file.tellg())) /
                         sizeof(T));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(numbers.data()),
            static_cast<std::streamsize>(numbers.size() * sizeof(T)));
  EXPECT_TRUE(file.good()) << path;
  return numbers;
}

struct Difference {
  std::size_t numbers = 0;
  std::size_t differing = 0;  // by more than half a step
  double largest = 0;         // in steps
  void add(double steps) {
    ++numbers;
    differing += steps > 0.5 ? 1 : 0;
    largest = std::max(largest, steps);
  }
  double share() const { return static_cast<double>(differing) / static_cast<double>(numbers); }
};

std::size_t top(const std::vector<float>& values, std::size_t image, std::size_t classes) {
  const auto row = values.begin() + static_cast<std::ptrdiff_t>(image * classes);
  return static_cast<std::size_t>(
      std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row);
}

// Images whose largest output is another. One whose two largest are a step apart may fall either
// way.
std::size_t other_tops(const std::vector<float>& a, const std::vector<float>& b, std::size_t images,
                       double step) {
  const std::size_t classes = a.size() / images;
  std::size_t count = 0;
  for (std::size_t i = 0; i < images; ++i) {
    const std::size_t ours = top(a, i, classes);
    const std::size_t theirs = top(b, i, classes);
    const double gap = static_cast<double>(b[i * classes + theirs] - b[i * classes + ours]);
    count += ours != theirs && gap > 1.5 * step ? 1 : 0;
  }
  return count;
}

class Onnxruntime : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string modules = " -c 'import numpy, onnx, onnxruntime' 2>/dev/null";
    if (std::system((python() + modules).c_str()) != 0) {
      GTEST_SKIP() << python() << " has no onnxruntime; set GRADUS_PYTHON";
    }
  }
  TemporaryFolder folder_;
};

// The step of the network's output: the scale of the codes that it leaves as.
double output_step(const QModel& model) {
  const QNode& last = model.nodes.back();
  return static_cast<double>(model.tensors[static_cast<std::size_t>(last.inputs[0])].scale);
}

TEST_F(Onnxruntime, QuantizesNetworksThatConvertToItsOwnCodes) {
  ASSERT_TRUE(run_script("make " + folder_.path()));
  int networks = 0;
  std::map<std::string, Difference> differences;  // by network and form
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().filename());
    ++networks;
    const std::string base = folder_.file(entry.path().stem().string());
    const QModel model = convert(read_quantized(base + ".onnx"), {});
    const auto images = load<float>(base + ".input.f32");
    const std::size_t count = images.size() / (3 * 8 * 8);
    const auto tensors = run_reference(model, images, static_cast<std::int64_t>(count));
    const auto& ours = tensors[static_cast<std::size_t>(model.outputs[0])].values;
    const double step = output_step(model);
    const bool qdq = base.find("_QDQ_") != std::string::npos;
    for (const QNode& node : model.nodes) {
      EXPECT_FALSE(qdq && std::holds_alternative<QIsland>(node.op))
          << node.name << " runs in float";
    }
    const std::string form = base.find("QOperator") != std::string::npos ? "QOperator" : "QDQ";
    const std::string name = entry.path().filename().string();
    const std::string kind = name.substr(0, name.find('_'));
    for (const char* how : {".plain.f32", ".fused.f32"}) {
      // Its optimiser rounds the weights of a transposed convolution that its quantizer left in
      // float.
      if (kind == "upsampled" && form == "QOperator" && how == std::string(".fused.f32")) continue;
      const auto theirs = load<float>(base + how);
      ASSERT_EQ(ours.size(), theirs.size());
      Difference& total = differences[kind + "_" + form + how];
      for (std::size_t i = 0; i < ours.size(); ++i) {
        total.add(std::fabs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i])) / step);
      }
      EXPECT_EQ(other_tops(ours, theirs, count, step), 0u) << how;
    }
  }
  EXPECT_EQ(networks, 5 * 21);
  for (const auto& [name, d] : differences) {
    std::cout << name << ": " << d.differing << " of " << d.numbers << " codes differ, by at most "
              << d.largest << " steps\n";
    // Operators on codes are defined in integers: the same codes. What runs in float may fall to
    // the other side where a sum lies half-way between two codes; averages of equal scales often
    // do. A batch norm of codes is left in float by ONNX Runtime.
    if (name.find("QOperator") != std::string::npos && name.find("dense") == std::string::npos) {
      EXPECT_EQ(d.differing, 0u) << name;
    }
    EXPECT_LE(d.share(), name.find("branched") != std::string::npos ? 0.2 : 0.01) << name;
    EXPECT_LE(d.largest, 1.01) << name;
  }
}

TEST_F(Onnxruntime, RunsWhatWeExport) {
  struct Exported {
    std::string name;
    QModel model;
    std::size_t images;
  };
  std::vector<Exported> exported;
  for (const Case& c : export_cases()) {
    for (const auto& [network_name, network] : {std::pair{"branched", branched_network()},
                                                {"residual", testing_networks::residual_network()},
                                                {"small", zoo_network("small")}}) {
      std::ostringstream name;
      name << network_name << "_";
      PrintTo(c, &name);
      const Graph graph = prepared(network, c, 1);
      const QdqGraph written = to_qdq(graph, c.format);
      export_onnx(written.graph, folder_.file(name.str() + ".onnx"), {written.opset, {}});
      const QModel model = convert(graph, {});
      std::vector<float> images;
      for (std::uint64_t i = 0; i < 16; ++i) {
        const auto image = picture(model, i);
        images.insert(images.end(), image.begin(), image.end());
      }
      std::ofstream(folder_.file(name.str() + ".input.f32"), std::ios::binary)
          .write(reinterpret_cast<const char*>(images.data()),
                 static_cast<std::streamsize>(images.size() * sizeof(float)));
      exported.push_back({name.str(), model, 16});
    }
  }
  ASSERT_TRUE(run_script("run " + folder_.path()));
  for (const Exported& e : exported) {
    SCOPED_TRACE(e.name);
    const auto images = load<float>(folder_.file(e.name + ".input.f32"));
    const auto tensors = run_reference(e.model, images, static_cast<std::int64_t>(e.images));
    const auto& ours = tensors[static_cast<std::size_t>(e.model.outputs[0])].values;
    EXPECT_EQ(other_tops(ours, load<float>(folder_.file(e.name + ".output.f32")), e.images, 0.0),
              0u);
    Difference codes;
    std::size_t compared = 0;
    for (std::size_t i = 0; i < e.model.tensors.size(); ++i) {
      const QTensor& tensor = e.model.tensors[i];
      const fs::path path = folder_.file(e.name + ".codes/" + tensor.name + ".codes.i32");
      if (tensor.kind != QTensorKind::kCodes || !fs::exists(path)) continue;
      ++compared;
      auto theirs = load<std::int32_t>(path);
      ASSERT_EQ(theirs.size(), tensors[i].codes.size()) << tensor.name;
      for (std::size_t k = 0; k < theirs.size(); ++k) {
        // Where a Clip follows, QuantizeLinear's own codes reach further.
        const std::int32_t code =
            std::clamp(theirs[k], tensor.grid.quant_min, tensor.grid.quant_max);
        codes.add(std::abs(static_cast<double>(code - tensors[i].codes[k])));
      }
    }
    EXPECT_GE(compared, 5u);
    // Float sums of up to 576 products round where integers do not (docs/numerics.md section 10).
    EXPECT_LE(codes.share(), 2e-3);
    EXPECT_LE(codes.largest, 2.0);
    std::cout << e.name << ": " << codes.differing << " of " << codes.numbers
              << " codes differ, by at most " << codes.largest << "\n";
  }
}

}  // namespace
}  // namespace gradus
