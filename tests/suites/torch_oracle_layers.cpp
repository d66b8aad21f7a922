// Layers and their gradients: each is a graph of ONNX nodes, brought into normal form and run by
// the network that training runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "gradus/base/error.h"
#include "gradus/train/network.h"
#include "tests/graph/small_graphs.h"
#include "tests/suites/torch_oracle.h"

namespace gradus::torch_oracle {
namespace {

using testing_support::OnnxGraph;
using Integers = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;

constexpr double kTolerance = 1e-5;  // float32 against a float64 reference

// A graph whose input has the shape of x, the first dimension being the batch.
OnnxGraph graph_for(const at::Tensor& x) {
  Shape shape = x.sizes().vec();
  shape[0] = -1;
  return OnnxGraph(shape);
}

ValueId constant(OnnxGraph& g, const SuiteCase& c, const std::string& array) {
  const auto values = c.array(array);
  return g.graph.add_constant(array, Tensor::from<float>(values.shape, values.floats()));
}

ValueId optional_constant(OnnxGraph& g, const SuiteCase& c, const std::string& array) {
  return c.has_array(array) ? constant(g, c, array) : kNoValue;
}

// One value for both axes, or two.
Integers both(const SuiteCase& c, const std::string& key) {
  const Integers v = c.integers(key);
  return {v.front(), v.back()};
}

Integers around(const SuiteCase& c, const std::string& key) {
  const Integers pad = both(c, key);
  return {pad[0], pad[1], pad[0], pad[1]};
}

void expect_buffers(const SuiteCase& c, const Network& network) {
  for (const auto& buffer : network.buffers()) {
    const std::string after = buffer.name.substr(0, buffer.name.rfind("_in")) + "_out";
    EXPECT_LE(relative_error(buffer.tensor, doubles(c, after)), kTolerance) << after;
  }
}

// At -3 and 3 releases of PyTorch take the gradient of one side or the other.
bool has_kinks(const SuiteCase& c) {
  return c.name().ends_with("hardsigmoid") || c.name().ends_with("hardswish");
}

// Runs the graph on x, in `shape` if the case's has another one, and compares y and every gradient.
void expect_same(const SuiteCase& c, const Graph& graph, bool training, const Shape& shape = {}) {
  Network network(graph);
  const at::Tensor x = floats(c, "x").set_requires_grad(true);
  const at::Tensor given = shape.empty() ? x : x.reshape(shape);
  const at::Tensor expected = doubles(c, "y");
  const at::Tensor y =
      network.forward(given, {.batch_statistics = training}).reshape(expected.sizes());
  EXPECT_LE(relative_error(y, expected), kTolerance) << "y";
  const at::Tensor gy = floats(c, "gy").reshape(expected.sizes());
  y.backward(gy);
  // Where a gradient almost cancels, what is left of it is no measure.
  const at::Tensor smooth = has_kinks(c) ? x.detach().abs().ne(3.0) : at::ones_like(x, at::kBool);
  const at::Tensor gx = doubles(c, "gx") * smooth;
  const double largest =
      std::max(gx.abs().max().item<double>(), 0.1 * gy.abs().max().item<double>());
  EXPECT_LE((x.grad().to(at::kDouble) * smooth - gx).abs().max().item<double>(),
            kTolerance * largest)
      << "gx";
  for (const auto& parameter : network.parameters()) {
    EXPECT_LE(relative_error(parameter.tensor.grad(), doubles(c, "g" + parameter.name)), kTolerance)
        << "g" << parameter.name;
  }
  if (training) expect_buffers(c, network);
}

void judge_batch_norm(const SuiteCase& c, bool training) {
  refuse_other_keys(c, {"momentum", "eps"});
  const at::Tensor x = floats(c, "x");
  // Batches of vectors are maps of one pixel.
  Shape shape = x.sizes().vec();
  while (shape.size() < 4) shape.push_back(1);
  OnnxGraph g = graph_for(x.reshape(shape));
  const float momentum = static_cast<float>(1.0 - c.real_or("momentum", 0.1));
  const ValueId y = g.add("BatchNormalization",
                          {g.x, constant(g, c, "w"), constant(g, c, "b"),
                           constant(g, c, "running_mean_in"), constant(g, c, "running_var_in")},
                          {{"epsilon", static_cast<float>(c.real("eps"))}, {"momentum", momentum}});
  expect_same(c, g.normal({y}), training, shape);
}

// torch.nn's activations by name, with their defaults.
struct Activation {
  const char* name;
  const char* op;
  Attributes attributes;
};

const std::vector<Activation>& activations() {
  static const std::vector<Activation> list = {
      {"relu", "Relu", {}},
      {"relu6", "Clip", {}},  // its bounds are inputs
      {"leaky_relu", "LeakyRelu", {{"alpha", 0.01f}}},
      {"leakyrelu", "LeakyRelu", {{"alpha", 0.01f}}},
      {"elu", "Elu", {{"alpha", 1.0f}}},
      {"selu", "Selu", {}},
      {"sigmoid", "Sigmoid", {}},
      {"tanh", "Tanh", {}},
      {"hardsigmoid", "HardSigmoid", {{"alpha", 1.0f / 6.0f}, {"beta", 0.5f}}},
      {"hardswish", "HardSwish", {}},
      {"gelu", "Gelu", {}},
      {"softplus", "Softplus", {}},
      {"mish", "Mish", {}},
      {"silu", "", {}},  // x * Sigmoid(x)
      {"swish", "", {}}};
  return list;
}

}  // namespace

void judge_convolution(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"stride", "pad", "dilation", "groups"});
  OnnxGraph g = graph_for(floats(c, "x"));
  const ValueId w = constant(g, c, "w");
  std::vector<ValueId> inputs = {g.x, w};
  if (c.has_array("b")) inputs.push_back(constant(g, c, "b"));
  const ValueId y = g.add("Conv", inputs,
                          {{"strides", both(c, "stride")},
                           {"dilations", both(c, "dilation")},
                           {"pads", around(c, "pad")},
                           {"group", c.integer("groups")}});
  expect_same(c, g.normal({y}), false);
}

void judge_linear(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {});
  // Gemm is of matrices: other leading dimensions are rows.
  const at::Tensor x = floats(c, "x");
  const Shape rows = {x.numel() / x.size(-1), x.size(-1)};
  OnnxGraph g = graph_for(x.reshape(rows));
  std::vector<ValueId> inputs = {g.x, constant(g, c, "w")};
  if (c.has_array("b")) inputs.push_back(optional_constant(g, c, "b"));
  const ValueId y = g.add("Gemm", inputs, {{"transB", std::int64_t{1}}});
  expect_same(c, g.normal({y}), false, rows);
}

void judge_max_pool(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"kernel", "stride", "pad", "dilation", "ceil_mode"});
  OnnxGraph g = graph_for(floats(c, "x"));
  const ValueId y = g.add("MaxPool", {g.x},
                          {{"kernel_shape", both(c, "kernel")},
                           {"strides", both(c, "stride")},
                           {"pads", around(c, "pad")},
                           {"dilations", both(c, "dilation")},
                           {"ceil_mode", c.integer("ceil_mode")}});
  expect_same(c, g.normal({y}), false);
}

void judge_average_pool(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"kernel", "stride", "pad", "ceil_mode", "count_include_pad"});
  OnnxGraph g = graph_for(floats(c, "x"));
  const ValueId y = g.add("AveragePool", {g.x},
                          {{"kernel_shape", both(c, "kernel")},
                           {"strides", both(c, "stride")},
                           {"pads", around(c, "pad")},
                           {"ceil_mode", c.integer("ceil_mode")},
                           {"count_include_pad", c.integer("count_include_pad")}});
  expect_same(c, g.normal({y}), false);
}

// ONNX has no adaptive pool: output i averages rows floor(i * H / out) to ceil((i + 1) * H / out).
void judge_adaptive_pool(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"out"});
  const at::Tensor x = floats(c, "x");
  const Integers out = both(c, "out");
  OnnxGraph g = graph_for(x);
  std::vector<ValueId> rows;
  for (std::int64_t i = 0; i < out[0]; ++i) {
    std::vector<ValueId> row;
    for (std::int64_t j = 0; j < out[1]; ++j) {
      const std::int64_t height = x.size(2), width = x.size(3);
      const Integers starts = {i * height / out[0], j * width / out[1]};
      const Integers ends = {((i + 1) * height + out[0] - 1) / out[0],
                             ((j + 1) * width + out[1] - 1) / out[1]};
      const ValueId part = g.add("Slice", {g.x, g.constant(testing_support::int64s(starts)),
                                           g.constant(testing_support::int64s(ends)),
                                           g.constant(testing_support::int64s({2, 3}))});
      row.push_back(g.add("GlobalAveragePool", {part}));
    }
    rows.push_back(g.add("Concat", row, {{"axis", std::int64_t{3}}}));
  }
  expect_same(c, g.normal({g.add("Concat", rows, {{"axis", std::int64_t{2}}})}), false);
}

void judge_batch_norm_training(const SuiteCase& c, Notes&) { judge_batch_norm(c, true); }
void judge_batch_norm_evaluation(const SuiteCase& c, Notes&) { judge_batch_norm(c, false); }

void judge_activation(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {});
  const auto found = std::find_if(activations().begin(), activations().end(),
                                  [&](const Activation& a) { return c.name() == a.name; });
  if (found == activations().end()) {
    ADD_FAILURE() << "no operator is known for the activation '" << c.name() << "'";
    return;
  }
  OnnxGraph g = graph_for(floats(c, "x"));
  std::vector<ValueId> inputs = {g.x};
  if (std::string(found->op) == "Clip") {
    inputs.push_back(g.constant(testing_support::floats({}, {0.0f})));
    inputs.push_back(g.constant(testing_support::floats({}, {6.0f})));
  }
  const bool swish = std::string(found->op).empty();
  const ValueId y = swish ? g.add("Mul", {g.x, g.add("Sigmoid", {g.x})})
                          : g.add(found->op, inputs, found->attributes);
  expect_same(c, g.normal({y}, {.opset = 20}), false);
}

}  // namespace gradus::torch_oracle
