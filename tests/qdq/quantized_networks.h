// Networks to quantize and write as ONNX, and the ways to quantize them.
#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qdq/to_qdq.h"
#include "gradus/qmodel/qmodel.h"
#include "gradus/zoo/zoo.h"
#include "tests/convert/graph_codes.h"
#include "tests/prepare/networks.h"
#include "tests/support/temporary_folder.h"

namespace gradus::testing_quantized {

using testing_networks::Builder;
using Integers = std::vector<std::int64_t>;

// Gains of both signs, one of them 0, groups, a depthwise layer, clamps, pools, branches that join,
// a value read twice, a second output.
inline Graph branched_network() {
  Builder b(7);
  ValueId x = b.input("image", {-1, 3, 9, 7});
  x = b.relu("stem.relu", b.batch_norm("stem.bn", b.conv("stem", x, 6, 3, 1, true), -1.5f));
  const ValueId wide =
      b.node("wide", "Conv", {x, b.constant("wide.weight", {6, 2, 3, 3}, -1, 1)}, {-1, 6, 9, 7},
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

inline Graph zoo_network(const std::string& name) {
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

inline void PrintTo(const Case& c, std::ostream* out) {
  *out << "w" << c.weight_bits << "a" << c.activation_bits
       << (c.per_channel ? "_channel" : "_tensor") << (c.symmetric ? "_symmetric" : "_asymmetric")
       << (c.bn == BatchNormMode::kFold ? "_fold" : "_separate")
       << (c.format == QdqFormat::kPacked ? "_qdq_" : "_qcdq_") << profile_name(c.profile);
}

inline Graph prepared(Graph graph, const Case& c, std::uint64_t seed) {
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

inline Graph read_quantized(const std::string& path) {
  QuantizedNetwork network = import_quantized_onnx(path);
  prepare_quantized(network.graph, network.integers);
  return std::move(network.graph);
}

inline Graph written_and_read(const Graph& graph, QdqFormat format, int* opset = nullptr) {
  const testing_support::TemporaryFolder folder;
  const QdqGraph written = to_qdq(graph, format);
  if (opset != nullptr) *opset = written.opset;
  export_onnx(written.graph, folder.file("net.onnx"), {written.opset, {}});
  return read_quantized(folder.file("net.onnx"));
}

inline std::vector<float> picture(const QModel& model, std::uint64_t seed) {
  const QTensor& in = model.tensors[static_cast<std::size_t>(model.input)];
  Rng rng(seed);
  std::vector<float> image(static_cast<std::size_t>(in.channels * in.height * in.width));
  for (float& x : image) x = rng.uniform(-2.0f, 3.0f);
  return image;
}

// Every width by itself, in both formats.
inline std::vector<Case> export_cases() {
  std::vector<Case> list;
  for (int bits : {8, 4, 3, 2}) {
    for (QdqFormat format : {QdqFormat::kPacked, QdqFormat::kBytes}) {
      list.push_back(
          {bits, bits, bits != 3, bits != 8, BatchNormMode::kSeparate, format, Profile::kIeee32});
    }
  }
  return list;
}

}  // namespace gradus::testing_quantized
