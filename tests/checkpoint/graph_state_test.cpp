#include "gradus/checkpoint/graph_state.h"

#include <gtest/gtest.h>

#include <limits>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// One layer with calibrated weights (per channel) and input, and an output not calibrated yet.
Graph example() {
  Graph graph;
  Value x;
  x.name = "x";
  x.quantizer = 0;
  graph.inputs = {graph.add_value(x)};
  const ValueId w =
      graph.add_constant("w", Tensor::from<float>({2, 1}, std::vector<float>{0.5f, -1}));
  graph.value(w).quantizer = 1;
  graph.add_constant("axes", Tensor::from<std::int64_t>({1}, std::vector<std::int64_t>{1}));
  Value y;
  y.name = "y";
  y.quantizer = 2;
  graph.outputs = {graph.add_value(y)};
  graph.nodes = {{"fc", "Gemm", {0, w}, graph.outputs, {}}};
  graph.quantizers.resize(3);
  graph.quantizers[0].parameters = {{0.25f}, {3}};
  graph.quantizers[1].spec = {4, true, true, true, true, 0};
  graph.quantizers[1].parameters = {{0.5f, 2.0f}, {0, 0}};
  return graph;
}

std::string refusal(Graph graph, const Checkpoint& state) {
  try {
    apply_graph_state(graph, state, "here");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
    EXPECT_TRUE(std::string(error.what()).starts_with("here: ")) << error.what();
    return error.what();
  }
  return "";
}

TEST(GraphState, ComesBack) {
  const Graph trained = example();
  Graph fresh = example();
  fresh.values[1].constant->as<float>()[0] = 7;
  fresh.quantizers[1].parameters = {};
  fresh.quantizers[0].spec.is_signed = true;
  fresh.quantizers[2].parameters = {{1.0f}, {0}};
  apply_graph_state(fresh, graph_state(trained), "here");
  EXPECT_EQ(fresh.values[1].constant->as<float>()[0], 0.5f);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(fresh.quantizers[i].spec, trained.quantizers[i].spec);
    EXPECT_EQ(fresh.quantizers[i].parameters, trained.quantizers[i].parameters);
  }
}

TEST(GraphState, NamesWhatItHolds) {
  const Checkpoint state = graph_state(example());
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state.tensors) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"graph/w", "quantizer/w/scale", "quantizer/w/spec",
                                             "quantizer/w/zero_point", "quantizer/x/scale",
                                             "quantizer/x/spec", "quantizer/x/zero_point",
                                             "quantizer/y/spec"}));
}

TEST(GraphState, LeavesOtherTensorsAlone) {
  Checkpoint state = graph_state(example());
  state.tensors["optimizer/w/momentum"] = Tensor(DType::kFloat32, {2, 1});
  EXPECT_EQ(refusal(example(), state), "");
}

TEST(GraphState, RefusesTheStateOfAnotherNetwork) {
  const Checkpoint good = graph_state(example());
  for (const auto& [name, tensor] : good.tensors) {
    Checkpoint state = good;
    state.tensors.erase(name);
    // A quantizer may be without parameters, but not with half of them.
    if (name.ends_with("/scale")) continue;
    EXPECT_NE(refusal(example(), state).find("lacks tensor '" + name + "'"), std::string::npos);
    state.tensors[name] = Tensor(tensor.dtype(), {9});
    EXPECT_NE(refusal(example(), state).find("where the network has"), std::string::npos) << name;
  }
  Checkpoint state = good;
  state.tensors["graph/v"] = Tensor(DType::kFloat32, {1});
  EXPECT_NE(refusal(example(), state).find("'graph/v' too many"), std::string::npos);
}

TEST(GraphState, RefusesParametersThatNoQuantizerCanHave) {
  const Checkpoint good = graph_state(example());
  for (float scale : {0.0f, -1.0f, std::numeric_limits<float>::infinity(),
                      std::numeric_limits<float>::quiet_NaN()}) {
    Checkpoint state = good;
    state.tensors["quantizer/x/scale"].as<float>()[0] = scale;
    EXPECT_NE(refusal(example(), state).find("a scale of 'quantizer/x'"), std::string::npos);
  }
  Checkpoint state = good;
  state.tensors["quantizer/x/zero_point"].as<std::int32_t>()[0] = 256;
  EXPECT_NE(refusal(example(), state).find("a zero point"), std::string::npos);
  state = good;
  state.tensors["quantizer/w/spec"].as<std::int32_t>()[0] = 2;
  EXPECT_NE(refusal(example(), state).find("2 bits per channel where the recipe has 4 bits"),
            std::string::npos);
}

}  // namespace
}  // namespace gradus
