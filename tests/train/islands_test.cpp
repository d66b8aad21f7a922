// Operators in float: what training computes of them against floatops, and evaluation against the
// engine.
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "gradus/convert/convert.h"
#include "gradus/prepare/island_form.h"
#include "gradus/prepare/prepare.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"
#include "gradus/train/calibrate.h"
#include "gradus/train/evaluate.h"
#include "gradus/train/network.h"
#include "tests/support/float_networks.h"
#include "tests/support/tiny_dataset.h"
#include "tests/train/small_networks.h"

namespace gradus {
namespace {

using testing_networks::float_op_network;
using testing_support::float_op_types;
using testing_support::TestRandom;
using testing_support::TinyDataset;

constexpr std::int64_t kBatch = 3;

Graph calibrated(Graph graph, const Recipe& recipe) {
  const Shape in = *graph.value(graph.inputs[0]).shape;
  prepare(graph, recipe);
  calibrate(graph, recipe, TinyDataset(16, {in[1], in[2], in[3]}));
  return graph;
}

// Codes, and reals bit by bit, of the engine under the names of its tensors.
struct Seen {
  std::map<std::string, std::vector<std::int32_t>> codes;
  std::map<std::string, std::vector<float>> reals;
};
Seen run_engine(const QModel& model, std::span<const float> images) {
  Seen seen;
  Engine engine(model, {.threads = 2, .max_batch = 2});
  engine.set_observer([&](const TensorResult& result) {
    auto& codes = seen.codes[result.tensor.name];
    codes.insert(codes.end(), result.codes.begin(), result.codes.end());
    auto& reals = seen.reals[result.tensor.name];
    reals.insert(reals.end(), result.values.begin(), result.values.end());
  });
  std::size_t size = 0;
  for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
  std::vector<float> outputs(kBatch * size);
  engine.run(images, kBatch, outputs);
  return seen;
}

// How many codes were compared.
std::size_t expect_engine_equals_evaluation(const Graph& graph) {
  std::int64_t pixels = 1;
  for (std::size_t i = 1; i < 4; ++i) pixels *= (*graph.value(graph.inputs[0]).shape)[i];
  const auto images = TestRandom(5).normals(static_cast<std::size_t>(kBatch * pixels), 1.0f);
  const Seen seen = run_engine(convert(graph, {}), images);
  const CodeResult expected = CodeEvaluator(graph, Profile::kIeee32).run(images, kBatch);
  std::size_t compared = 0;
  for (const TensorCodes& tensor : expected.codes) {
    EXPECT_EQ(tensor.codes, seen.codes.at(tensor.name)) << graph.name << ": " << tensor.name;
    compared += tensor.codes.size();
  }
  for (const TensorReals& tensor : expected.outputs) {
    const auto& found = seen.reals.at(tensor.name);
    EXPECT_EQ(found.size(), tensor.reals.size());
    EXPECT_EQ(std::memcmp(found.data(), tensor.reals.data(), found.size() * sizeof(float)), 0)
        << graph.name << ": " << tensor.name;
  }
  return compared;
}

TEST(Islands, GiveTheEnginesCodesForEveryFloatOperator) {
  std::size_t islands_found = 0;
  for (const std::string& type : float_op_types()) {
    const Graph graph = calibrated(float_op_network(type), preset_recipe("w8a8"));
    islands_found += islands(graph).empty() ? 0 : 1;
    EXPECT_GT(expect_engine_equals_evaluation(graph), 500u) << type;
    if (HasFailure()) return;
  }
  EXPECT_GT(islands_found, 10u);
}

// Codes that hardly vary would hide mistakes.
TEST(Islands, AreTestedOnCodesThatDiffer) {
  for (const std::string& type : float_op_types()) {
    const Graph graph = calibrated(float_op_network(type), preset_recipe("w8a8"));
    const auto images = TestRandom(5).normals(kBatch * 144, 1.0f);
    for (const TensorCodes& t : CodeEvaluator(graph, Profile::kIeee32).run(images, kBatch).codes) {
      const bool steps = type == "Sign" || type == "Round" || type == "Ceil" || type == "Floor" ||
                         floatops::find_float_op(type)->numbers;
      const std::size_t least = steps || t.codes.size() < 64 ? 1 : 4;
      EXPECT_GE(std::set<std::int32_t>(t.codes.begin(), t.codes.end()).size(), least)
          << type << " " << t.name;
    }
  }
}

TEST(Islands, AreLayersThatTheRecipeLeavesInFloat) {
  for (const BatchNormMode mode : {BatchNormMode::kSeparate, BatchNormMode::kFold}) {
    Recipe recipe = preset_recipe("w4a4");
    recipe.bn = mode;
    recipe.ignored_scope = {"conv2", "fc"};
    Graph network = testing_support::small_network();
    TestRandom random(3);
    testing_support::disturb_batch_norms(network, random);
    const Graph graph = calibrated(std::move(network), recipe);
    EXPECT_EQ(islands(graph).size(), 2u);
    EXPECT_GT(expect_engine_equals_evaluation(graph), 500u);
  }
}

// What training computes in floats, and its gradient where it is defined, against floatops.
TEST(TrainOps, ComputeWhatFloatOperatorsDo) {
  for (const std::string& type : float_op_types()) {
    SCOPED_TRACE(type);
    Graph graph = float_op_network(type);
    prepare(graph, preset_recipe("float"));
    const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                    [](const Node& node) { return node.name == "op"; });
    if (found == graph.nodes.end()) continue;  // joined the layer before it, or does nothing
    const Node& node = *found;
    const floatops::BoundCall call(island_form(graph, node).call);
    Shape shape = call.call().inputs[0].shape;
    const auto size = static_cast<std::size_t>(*element_count(shape));
    std::vector<float> x = TestRandom(7).normals(2 * size, 1.0f);
    for (float& value : x) value = 0.25f + std::min(std::abs(value), 1.5f);
    const auto out = static_cast<std::size_t>(call.output_elements());
    std::vector<float> expected(2 * out);
    for (std::size_t image = 0; image < 2; ++image) {
      const std::vector<const float*> data(call.data_inputs(), x.data() + image * size);
      call.run(data, expected.data() + image * out);
    }
    shape[0] = 2;
    at::Tensor input = at::from_blob(x.data(), shape, at::kFloat).clone().set_requires_grad(true);
    std::vector<at::Tensor> inputs = {input};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue || type == "Gather") {  // reads its indices from the graph
        inputs.emplace_back();
      } else {
        const auto& constant = graph.value(id).constant;
        inputs.push_back(constant ? to_torch(*constant) : input);
      }
    }
    const at::Tensor y = find_train_op(node).forward({graph}, node, inputs).contiguous();
    ASSERT_EQ(static_cast<std::size_t>(y.numel()), expected.size());
    const float* values = y.const_data_ptr<float>();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const float allowed = 2e-5f * std::max(1.0f, std::abs(expected[i]));
      ASSERT_NEAR(values[i], expected[i], allowed) << "at " << i;
    }
    if (!y.requires_grad()) {  // truths, places and whole numbers have none
      EXPECT_TRUE(floatops::find_float_op(type)->numbers);
      continue;
    }
    y.sum().backward();
    ASSERT_TRUE(input.grad().defined());
    EXPECT_FALSE(at::isnan(input.grad()).any().item<bool>());
  }
}

}  // namespace
}  // namespace gradus
