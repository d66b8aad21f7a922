// A prepared network, written as quantized ONNX and read back, computes the same codes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "gradus/convert/convert.h"
#include "gradus/graph/builder.h"
#include "gradus/runtime/engine.h"
#include "gradus/runtime/reference.h"
#include "tests/qdq/quantized_networks.h"

namespace gradus {
namespace {

using testing_networks::residual_network;
using namespace testing_quantized;

// Every tensor of `model` has its namesake in `again`, with the same numbers on `image`.
void expect_same_codes(const QModel& model, const QModel& again, const std::vector<float>& image) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < again.tensors.size(); ++i) places[again.tensors[i].name] = i;
  const auto expected = run_reference(model, image, 1);
  const auto found = run_reference(again, image, 1);
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const QTensor& tensor = model.tensors[i];
    ASSERT_TRUE(places.contains(tensor.name)) << tensor.name;
    const std::size_t other = places[tensor.name];
    EXPECT_EQ(again.tensors[other].scale, tensor.scale) << tensor.name;
    EXPECT_EQ(found[other].codes, expected[i].codes) << tensor.name;
    EXPECT_EQ(found[other].values, expected[i].values) << tensor.name;
  }
  EXPECT_EQ(model.tensors.size(), again.tensors.size());
}

struct Linear {
  std::vector<double> unit;           // of the accumulator, above zero
  std::vector<std::int32_t> bias;     // with the sign of that unit, as the weights are
  std::vector<std::int32_t> weights;  // without zero points
};

// Every convolution and fully connected layer, by name; one entry a channel.
std::map<std::string, Linear> linear_layers(const QModel& model) {
  std::map<std::string, Linear> layers;
  const auto add = [&](const std::string& name, const auto& op) {
    Linear layer;
    const std::size_t channels = op.bias.size();
    const std::size_t taps = op.weights.codes.size() / channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const auto& units = op.output.accumulator_scale;
      const auto& zeros = op.weights.zero_point;
      const double unit = units[units.size() == 1 ? 0 : c];
      const std::int32_t sign = unit < 0 ? -1 : 1;
      layer.unit.push_back(sign * unit);
      layer.bias.push_back(sign * op.bias[c]);
      for (std::size_t k = c * taps; k < (c + 1) * taps; ++k) {
        layer.weights.push_back(sign * (op.weights.codes[k] - zeros[zeros.size() == 1 ? 0 : c]));
      }
    }
    layers[name] = std::move(layer);
  };
  for (const QNode& node : model.nodes) {
    if (const auto* conv = std::get_if<QConv>(&node.op)) add(node.name, *conv);
    if (const auto* full = std::get_if<QFullyConnected>(&node.op)) add(node.name, *full);
  }
  return layers;
}

// To the last bit: a unit that is off by one changes few codes of few pictures.
void expect_same_layers(const QModel& model, const QModel& again) {
  const auto expected = linear_layers(model);
  auto found = linear_layers(again);
  EXPECT_EQ(found.size(), expected.size());
  for (const auto& [name, layer] : expected) {
    EXPECT_EQ(found[name].unit, layer.unit) << name;
    EXPECT_EQ(found[name].bias, layer.bias) << name;
    EXPECT_EQ(found[name].weights, layer.weights) << name;
  }
}

void expect_round_trip(const Graph& graph, const Case& c) {
  ConvertOptions options;
  options.profile = c.profile;
  const QModel model = convert(graph, options);
  const QModel again = convert(written_and_read(graph, c.format), options);
  expect_same_layers(model, again);
  expect_same_codes(model, again, picture(model, 3));
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (int bits = 1; bits <= 8; ++bits) {
    for (bool symmetric : {true, false}) {
      if (bits == 1 && !symmetric) continue;  // {-1, +1} has no zero point
      for (QdqFormat format : {QdqFormat::kPacked, QdqFormat::kBytes}) {
        for (bool per_channel : {true, false}) {
          const BatchNormMode bn =
              per_channel == (bits % 2 == 0) ? BatchNormMode::kSeparate : BatchNormMode::kFold;
          list.push_back({bits, bits, per_channel, symmetric, bn, format, Profile::kIeee32});
          list.push_back({bits, 9 - bits, !per_channel, symmetric, bn, format, Profile::kFixed31});
        }
      }
    }
  }
  return list;
}

class RoundTrip : public testing::TestWithParam<Case> {};

TEST_P(RoundTrip, KeepsEveryCode) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    for (const Graph& network : {branched_network(), residual_network()}) {
      expect_round_trip(prepared(network, GetParam(), seed), GetParam());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllWidths, RoundTrip, testing::ValuesIn(cases()), [](const auto& test) {
  std::ostringstream name;
  PrintTo(test.param, &name);
  return name.str();
});

TEST(ToQdq, KeepsEveryCodeOfTheZoo) {
  for (const char* name : {"small", "resnet20"}) {
    for (int bits : {8, 4, 3, 2}) {
      for (QdqFormat format : {QdqFormat::kPacked, QdqFormat::kBytes}) {
        const Case c{
            bits, bits, bits != 8, true, BatchNormMode::kSeparate, format, Profile::kIeee32};
        SCOPED_TRACE(name + std::to_string(bits));
        expect_round_trip(prepared(zoo_network(name), c, 5), c);
      }
    }
  }
}

// Movements that integers compute as one gather: a channel shuffle.
TEST(ToQdq, KeepsEveryCodeOfAGroupOfOperators) {
  GraphBuilder b("shuffled", 1);
  ValueId x = b.conv("conv", b.input("input", {-1, 3, 6, 6}), 8, {});
  using Integers = std::vector<std::int64_t>;
  x = b.node("split", "Reshape", {x}, {{"shape", Integers{-1, 2, 4, 4, 4}}});
  x = b.node("turn", "Transpose", {x}, {{"perm", Integers{0, 2, 1, 3, 4}}});
  x = b.node("join", "Reshape", {x}, {{"shape", Integers{-1, 8, 4, 4}}});
  x = b.conv("conv2", x, 4, {});
  const Graph network = b.finish(b.flatten("flatten", b.global_average_pool("pool", x)), "y");
  for (int bits : {8, 4}) {
    const Case c{
        bits, bits, true, true, BatchNormMode::kSeparate, QdqFormat::kPacked, Profile::kIeee32};
    const Graph graph = prepared(network, c, 3);
    EXPECT_TRUE(std::any_of(graph.nodes.begin(), graph.nodes.end(),
                            [](const Node& node) { return node.attributes.contains("inner"); }));
    expect_round_trip(graph, c);
  }
}

// Trained networks, where they are: their outputs on the engine.
TEST(ToQdq, KeepsTheOutputsOfTrainedNetworks) {
  const char* data = std::getenv("GRADUS_DATA");
  const char* home = std::getenv("HOME");
  const std::string models =
      (data != nullptr ? std::string(data) : std::string(home ? home : "") + "/.cache/gradus") +
      "/models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << models << " is not there";
  for (const auto& entry : std::filesystem::directory_iterator(models)) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().filename());
    for (int bits : {8, 2}) {
      const Case c{
          bits, bits, true, true, BatchNormMode::kSeparate, QdqFormat::kPacked, Profile::kIeee32};
      const Graph graph = prepared(import_onnx(entry.path().string()), c, 2);
      const QModel model = convert(graph, {});
      const QModel again = convert(written_and_read(graph, c.format), {});
      expect_same_layers(model, again);
      const auto image = picture(model, 1);
      const QTensor& out = model.tensors[static_cast<std::size_t>(model.outputs.at(0))];
      std::vector<float> expected(static_cast<std::size_t>(out.channels * out.height * out.width));
      std::vector<float> found(expected.size());
      Engine(model, {}).run(image, 1, expected);
      Engine(again, {}).run(image, 1, found);
      EXPECT_EQ(found, expected) << bits << " bits";
    }
  }
}

}  // namespace
}  // namespace gradus
