// A prepared network, written as quantized ONNX and read back, computes the same codes.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "gradus/base/rng.h"
#include "gradus/convert/convert.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qdq/to_qdq.h"
#include "gradus/runtime/reference.h"
#include "gradus/zoo/zoo.h"
#include "tests/convert/graph_codes.h"
#include "tests/prepare/networks.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_networks::Builder;
using testing_networks::residual_network;
using testing_support::expect_error;
using testing_support::TemporaryFolder;
using Integers = std::vector<std::int64_t>;

// Gains of both signs, one of them 0, groups, a depthwise layer, clamps, pools, branches that join, a
// value read twice, a second output.
Graph branched_network() {
  Builder b(7);
  ValueId x = b.input("image", {-1, 3, 9, 7});
  x = b.relu("stem.relu", b.batch_norm("stem.bn", b.conv("stem", x, 6, 3, 1, true), -1.5f));
  const ValueId wide = b.node(
      "wide", "Conv", {x, b.constant("wide.weight", {6, 2, 3, 3}, -1, 1)}, {-1, 6, 9, 7},
      {{"group", std::int64_t{3}}, {"pads", Integers{1, 1, 1, 1}}});
  const ValueId depthwise = b.batch_norm("dw.bn", b.conv("dw", wide, 6, 3, 6), -1.0f);
  const ValueId six =
      b.node("six", "Clip", {depthwise}, {-1, 6, 9, 7}, {{"min", 0.0f}, {"max", 0.5f}});
  const ValueId sum = b.add("sum", six, wide);
  const ValueId alone = b.relu("alone", wide);
  const ValueId joined = b.concat("join", {sum, alone, b.conv("side", sum, 2, 1)});
  const ValueId cut = b.node("cut", "Slice", {joined}, {-1, 6, 9, 7},
                             {{"starts", Integers{1}},
                              {"ends", Integers{13}},
                              {"axes", Integers{1}},
                              {"steps", Integers{2}}});
  const ValueId padded = b.pad("pad", cut, {0, 1, 0, 2, 0, 0, 1, 0});
  ValueId y = b.node("max", "MaxPool", {padded}, {-1, 7, 5, 4},
                     {{"kernel_shape", Integers{2, 3}}, {"strides", Integers{2, 2}}});
  y = b.node("average", "AveragePool", {y}, {-1, 7, 4, 3},
             {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{1, 1}}});
  y = b.relu("hidden.relu", b.gemm("hidden", b.flatten("flat", y), 12));
  b.graph.outputs = {b.gemm("fc", y, 5), b.global_pool("pool", sum)};
  for (Value& value : b.graph.values) {  // a channel that is its offset alone
    if (value.name == "stem.bn.gamma") value.constant->as<float>()[2] = 0.0f;
  }
  return std::move(b.graph);
}

Graph zoo_network(const std::string& name) {
  for (const ZooModel& model : zoo_models()) {
    if (model.name == name) return model.build({});
  }
  throw std::runtime_error("no " + name + " in the zoo");
}

struct Case {
  int weight_bits = 8;
  int activation_bits = 8;
  bool per_channel = true;
  bool symmetric = true;
  BatchNormMode bn = BatchNormMode::kSeparate;
  QdqFormat format = QdqFormat::kPacked;
  Profile profile = Profile::kIeee32;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "w" << c.weight_bits << "a" << c.activation_bits
       << (c.per_channel ? "_channel" : "_tensor") << (c.symmetric ? "_symmetric" : "_asymmetric")
       << (c.bn == BatchNormMode::kFold ? "_fold" : "_separate")
       << (c.format == QdqFormat::kPacked ? "_qdq_" : "_qcdq_") << profile_name(c.profile);
}

Graph prepared(Graph graph, const Case& c, std::uint64_t seed) {
  Recipe recipe;
  recipe.weights.bits = c.weight_bits;
  recipe.weights.per_channel = c.per_channel;
  recipe.weights.symmetric = c.symmetric;
  recipe.activations.bits = c.activation_bits;
  recipe.activations.symmetric = !c.symmetric && c.activation_bits > 1;
  recipe.bn = c.bn;
  prepare(graph, recipe);
  calibrate_at_random(graph, seed);
  return graph;
}

Graph written_and_read(const Graph& graph, QdqFormat format, int* opset = nullptr) {
  const TemporaryFolder folder;
  const QdqGraph written = to_qdq(graph, format);
  if (opset != nullptr) *opset = written.opset;
  export_onnx(written.graph, folder.file("net.onnx"), {written.opset, {}});
  QuantizedNetwork network = import_quantized_onnx(folder.file("net.onnx"));
  prepare_quantized(network.graph, network.integers);
  return std::move(network.graph);
}

std::vector<float> picture(const QModel& model, std::uint64_t seed) {
  const QTensor& in = model.tensors[static_cast<std::size_t>(model.input)];
  Rng rng(seed);
  std::vector<float> image(static_cast<std::size_t>(in.channels * in.height * in.width));
  for (float& x : image) x = rng.uniform(-2.0f, 3.0f);
  return image;
}

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

void expect_round_trip(const Graph& graph, const Case& c) {
  ConvertOptions options;
  options.profile = c.profile;
  const QModel model = convert(graph, options);
  const QModel again = convert(written_and_read(graph, c.format), options);
  expect_same_codes(model, again, picture(model, 3));
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (int bits = 1; bits <= 8; ++bits) {
    for (bool symmetric : {true, false}) {
      if (bits == 1 && !symmetric) continue;  // {-1, +1} has no zero point
      for (QdqFormat format : {QdqFormat::kPacked, QdqFormat::kBytes}) {
        for (bool per_channel : {true, false}) {
          const BatchNormMode bn = per_channel == (bits % 2 == 0) ? BatchNormMode::kSeparate
                                                                  : BatchNormMode::kFold;
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
        const Case c{bits, bits, bits != 8, true, BatchNormMode::kSeparate, format, Profile::kIeee32};
        SCOPED_TRACE(name + std::to_string(bits));
        expect_round_trip(prepared(zoo_network(name), c, 5), c);
      }
    }
  }
}

}  // namespace
}  // namespace gradus
