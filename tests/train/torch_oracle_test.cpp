// PyTorch's own numbers: operators with their gradients, optimisers, clipping, trajectories.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gradus/graph/builder.h"
#include "gradus/train/network.h"
#include "gradus/train/optimizer.h"
#include "tests/support/torch_oracle.h"

namespace gradus {
namespace {

using testing_support::oracle_cases;
using testing_support::oracle_folder;
using testing_support::OracleCase;
using testing_support::relative_error;
using Integers = std::vector<std::int64_t>;

constexpr double kTolerance = 1e-5;  // float32 against a float64 reference

std::vector<float> floats(const at::Tensor& tensor) {
  const at::Tensor rows = tensor.contiguous();
  return {rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel()};
}

ValueId constant(GraphBuilder& b, const OracleCase& c, const std::string& array) {
  return b.constant(array, c.array(array).sizes().vec(), floats(c.array(array)));
}

Shape batched(const at::Tensor& x) {
  Shape shape = x.sizes().vec();
  shape[0] = -1;
  return shape;
}

// Compares the network's output and gradients with y, gx, gw, gb.
void expect_same(const OracleCase& c, const Graph& graph, bool training) {
  Network network(graph);
  const at::Tensor x = c.array("x").set_requires_grad(true);
  const at::Tensor y = network.forward(x, {.batch_statistics = training});
  EXPECT_LE(relative_error(y, c.array("y")), kTolerance) << c.name();
  y.backward(c.array("gy"));
  // Where a gradient almost cancels, what is left of it is no measure.
  const double largest = std::max(c.array("gx").abs().max().item<double>(),
                                  0.1 * c.array("gy").abs().max().item<double>());
  EXPECT_LE((x.grad() - c.array("gx")).abs().max().item<double>(), kTolerance * largest)
      << c.name();
  for (const auto& parameter : network.parameters()) {
    EXPECT_LE(relative_error(parameter.tensor.grad(), c.array("g" + parameter.name)), kTolerance)
        << c.name() << " " << parameter.name;
  }
  for (const auto& buffer : network.buffers()) {
    const std::string after = buffer.name.substr(0, buffer.name.size() - 3) + "_out";
    if (training && c.has_array(after)) {
      EXPECT_LE(relative_error(buffer.tensor, c.array(after)), kTolerance) << c.name();
    }
  }
}

TEST(TorchOracle, ConvolutionsAndTheirGradients) {
  const auto cases = oracle_cases("conv2d");
  GRADUS_SKIP_WITHOUT_ORACLE(cases);
  for (const OracleCase& c : cases) {
    GraphBuilder b("conv", 1);
    const at::Tensor x = c.array("x");
    const Integers pad = c.integers("pad");
    std::vector<ValueId> inputs = {b.input("x", batched(x)), constant(b, c, "w")};
    if (c.has_array("b")) inputs.push_back(constant(b, c, "b"));
    const Shape w = c.array("w").sizes().vec();
    const ValueId y = b.node("conv", "Conv", inputs,
                             {{"kernel_shape", Integers{w[2], w[3]}},
                              {"strides", c.integers("stride")},
                              {"dilations", c.integers("dilation")},
                              {"pads", Integers{pad[0], pad[1], pad[0], pad[1]}},
                              {"group", c.integer("groups")}});
    expect_same(c, b.finish(y, "y"), false);
  }
}

TEST(TorchOracle, FullyConnectedLayersAndTheirGradients) {
  const auto cases = oracle_cases("linear");
  GRADUS_SKIP_WITHOUT_ORACLE(cases);
  for (const OracleCase& c : cases) {
    if (c.array("x").dim() != 2) continue;
    GraphBuilder b("linear", 1);
    std::vector<ValueId> inputs = {b.input("x", batched(c.array("x"))), constant(b, c, "w")};
    if (c.has_array("b")) inputs.push_back(constant(b, c, "b"));
    expect_same(c, b.finish(b.node("fc", "Gemm", inputs, {{"transB", std::int64_t{1}}}), "y"),
                false);
  }
}

TEST(TorchOracle, PoolsAndTheirGradients) {
  int count = 0;
  for (const char* group : {"maxpool2d", "avgpool2d"}) {
    for (const OracleCase& c : oracle_cases(group)) {
      if (c.integer("ceil_mode") != 0) continue;  // import turns it into padding
      if (c.has("dilation") && c.integers("dilation") != Integers{1}) continue;
      const auto both = [&](const char* key) {
        const Integers v = c.integers(key);
        return Integers{v[0], v.back()};
      };
      const Integers pad = both("pad");
      std::map<std::string, Attribute> attributes = {
          {"kernel_shape", both("kernel")},
          {"strides", both("stride")},
          {"pads", Integers{pad[0], pad[1], pad[0], pad[1]}}};
      const bool average = c.has("count_include_pad");
      if (average) attributes["count_include_pad"] = c.integer("count_include_pad");
      GraphBuilder b("pool", 1);
      const ValueId y = b.node("pool", average ? "AveragePool" : "MaxPool",
                               {b.input("x", batched(c.array("x")))}, attributes);
      expect_same(c, b.finish(y, "y"), false);
      ++count;
    }
  }
  if (count == 0) GTEST_SKIP() << "no cases under " << oracle_folder();
}

TEST(TorchOracle, BatchNormsTheirGradientsAndStatistics) {
  int count = 0;
  for (const bool training : {true, false}) {
    for (const OracleCase& c : oracle_cases(training ? "batchnorm_train" : "batchnorm_eval")) {
      if (c.array("x").dim() != 4) continue;
      GraphBuilder b("bn", 1);
      const float momentum = training ? static_cast<float>(1.0 - c.real("momentum")) : 0.9f;
      const ValueId y =
          b.node("bn", "BatchNormalization",
                 {b.input("x", batched(c.array("x"))), constant(b, c, "w"), constant(b, c, "b"),
                  constant(b, c, "running_mean_in"), constant(b, c, "running_var_in")},
                 {{"epsilon", static_cast<float>(c.real("eps"))}, {"momentum", momentum}});
      expect_same(c, b.finish(y, "y"), training);
      ++count;
    }
  }
  if (count == 0) GTEST_SKIP() << "no cases under " << oracle_folder();
}

TEST(TorchOracle, SgdAndAdamTakeTorchsSteps) {
  const auto cases = oracle_cases("optimizer");
  GRADUS_SKIP_WITHOUT_ORACLE(cases);
  for (const OracleCase& c : cases) {
    const std::string kind = c.text("kind");
    if ((kind != "SGD" && kind != "Adam") || c.has("betas") || c.has("eps")) continue;
    TrainingRecipe recipe;
    recipe.optimizer = kind == "SGD" ? "sgd" : "adam";
    recipe.momentum = c.has("momentum") ? c.real("momentum") : 0.0;
    recipe.nesterov = c.has("nesterov") && c.text("nesterov") != "False";
    recipe.weight_decay = c.has("weight_decay") ? c.real("weight_decay") : 0.0;
    recipe.lr = c.real("lr");
    const at::Tensor w = c.array("w0").clone().set_requires_grad(true);
    Optimizer optimizer(recipe, {{"w", Network::Kind::kWeights, w}});
    const at::Tensor gradients = c.array("grads");
    const at::Tensor expected = c.array("w");
    for (std::int64_t i = 0; i < gradients.size(0); ++i) {
      w.mutable_grad() = gradients[i].clone();
      optimizer.step(recipe.lr);
    }
    const at::Tensor last = expected.dim() > w.dim() ? expected[-1] : expected;
    EXPECT_LE(relative_error(w.detach(), last), kTolerance) << c.name();
  }
}

TEST(TorchOracle, GradientsAreClippedByTheirCommonNorm) {
  const auto cases = oracle_cases("clip_grad_norm");
  GRADUS_SKIP_WITHOUT_ORACLE(cases);
  for (const OracleCase& c : cases) {
    TrainingRecipe recipe;
    recipe.momentum = recipe.weight_decay = 0.0;
    recipe.lr = 1.0;
    recipe.clip_grad_norm = c.real("max_norm");
    std::vector<Network::Parameter> parameters;
    for (const char* name : {"g0", "g1"}) {
      const at::Tensor w = at::zeros_like(c.array(name)).set_requires_grad(true);
      w.mutable_grad() = c.array(name);
      parameters.push_back({name, Network::Kind::kWeights, w});
    }
    Optimizer(recipe, parameters).step(1.0);
    EXPECT_LE(relative_error(-parameters[0].tensor.detach(), c.array("o0")), 1e-6) << c.name();
    EXPECT_LE(relative_error(-parameters[1].tensor.detach(), c.array("o1")), 1e-6) << c.name();
  }
}

// conv-bn-relu-[fq]-pool-conv-bn-relu-[fq]-gap-fc, as the suite's config.txt draws it.
Graph trajectory_network(const OracleCase& c) {
  GraphBuilder b("trajectory", 1);
  ValueId x = b.input("x", batched(c.array("X")));
  const auto init = [&](const std::string& name) {
    const at::Tensor t = c.array("init_" + name);
    return b.constant(name, t.sizes().vec(), floats(t));
  };
  const auto conv = [&](const std::string& n, std::int64_t stride, std::int64_t groups) {
    x = b.node("c" + n, "Conv", {x, init("c" + n + "_weight")},
               {{"kernel_shape", Integers{3, 3}},
                {"strides", Integers{stride, stride}},
                {"dilations", Integers{1, 1}},
                {"pads", Integers{1, 1, 1, 1}},
                {"group", groups}});
    x = b.node("b" + n, "BatchNormalization",
               {x, init("b" + n + "_weight"), init("b" + n + "_bias"),
                init("b" + n + "_running_mean"), init("b" + n + "_running_var")},
               {{"epsilon", 1e-5f}, {"momentum", 0.9f}});
    x = b.relu("r" + n, x);
  };
  conv("1", 1, 1);
  x = b.max_pool("pool", x, 2, 2, 0);
  conv("2", 2, 2);
  x = b.flatten("flatten", b.global_average_pool("gap", x));
  x = b.node("fc", "Gemm", {x, init("fc_weight"), init("fc_bias")}, {{"transB", std::int64_t{1}}});
  return b.finish(x, "y");
}

void add_quantizers(Graph& graph, int bits) {
  for (Value& value : graph.values) {
    const bool weights = value.constant && value.name.ends_with("_weight") && value.name[0] != 'b';
    const bool activation = value.name == "r1" || value.name == "r2";
    if (!weights && !activation) continue;
    Quantizer quantizer;
    if (activation) {
      quantizer.spec = {.bits = 8, .symmetric = true};
      quantizer.parameters = {{4.0f / 255.0f}, {0}};
      quantizer.observer = "minmax";
    } else {
      quantizer.spec = {.bits = bits,
                        .is_signed = true,
                        .symmetric = true,
                        .narrow_range = true,
                        .per_channel = true};
      quantizer.observer = "minmax";
      const auto channels = static_cast<std::size_t>(value.constant->shape()[0]);
      quantizer.parameters = {std::vector<float>(channels, 1.0f),
                              std::vector<std::int32_t>(channels, 0)};
    }
    value.quantizer = static_cast<QuantizerId>(graph.quantizers.size());
    graph.quantizers.push_back(quantizer);
  }
}

TEST(TorchOracle, TrainingFollowsTorchsTrajectories) {
  const auto cases = oracle_cases("train_trajectory");
  GRADUS_SKIP_WITHOUT_ORACLE(cases);
  for (const OracleCase& c : cases) {
    Graph graph = trajectory_network(c);
    const int bits = static_cast<int>(c.integer("weight_bits"));
    if (bits < 32) add_quantizers(graph, bits);
    Network network(graph);
    TrainingRecipe recipe;
    recipe.lr = c.real("lr");
    recipe.momentum = c.real("momentum");
    recipe.weight_decay = c.real("weight_decay");
    // The suite decays every parameter alike.
    std::vector<Network::Parameter> parameters = network.parameters();
    for (auto& parameter : parameters) parameter.kind = Network::Kind::kWeights;
    Optimizer optimizer(recipe, parameters);
    const at::Tensor images = c.array("X");
    const at::Tensor labels = c.array("Y").to(at::kLong);
    const at::Tensor losses = c.array("loss");
    for (std::int64_t step = 0; step < c.integer("steps"); ++step) {
      network.update_quantizers();  // weights alone: activations are not observed
      const std::int64_t at = 16 * step % 64;
      const at::Tensor loss = at::cross_entropy_loss(
          network.forward(images.slice(0, at, at + 16), {.batch_statistics = true}),
          labels.slice(0, at, at + 16));
      optimizer.zero_grad();
      loss.backward();
      optimizer.step(recipe.lr);
      const double expected = losses[step].item<double>();
      const double bound = bits == 32 ? (step < 30 ? 1e-5 : 1e-3)
                                      : (step < 10   ? 1e-4
                                         : step < 30 ? 5e-3
                                                     : 0.1);
      ASSERT_NEAR(loss.item<double>(), expected, bound * expected) << c.name() << " step " << step;
    }
  }
}

}  // namespace
}  // namespace gradus
