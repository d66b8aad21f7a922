// Losses, optimisers, schedules, clipping, and whole trainings.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "gradus/base/error.h"
#include "gradus/graph/builder.h"
#include "gradus/train/loss.h"
#include "gradus/train/network.h"
#include "gradus/train/optimizer.h"
#include "gradus/train/schedule.h"
#include "tests/suites/torch_oracle.h"

namespace gradus::torch_oracle {
namespace {

using Integers = std::vector<std::int64_t>;

constexpr double kTolerance = 1e-5;  // float32 against a float64 reference

// "SGD" as recipes name it.
TrainingRecipe recipe_of(const SuiteCase& c) {
  static const std::map<std::string, std::string> names = {{"SGD", "sgd"},
                                                           {"Adam", "adam"},
                                                           {"AdamW", "adamw"},
                                                           {"RMSprop", "rmsprop"},
                                                           {"Adagrad", "adagrad"}};
  const auto name = names.find(c.text("kind"));
  if (name == names.end()) {
    throw Error(ErrorCode::kUnsupported, "optimizer " + c.text("kind") + " is not one of gradus's");
  }
  refuse_other_keys(
      c, {"kind", "lr", "momentum", "nesterov", "weight_decay", "betas", "eps", "alpha"});
  TrainingRecipe recipe;
  recipe.optimizer = name->second;
  recipe.lr = c.real("lr");
  recipe.momentum = c.real_or("momentum", 0.0);
  recipe.nesterov = c.flag("nesterov");
  // PyTorch's own defaults where the case says nothing.
  recipe.weight_decay = c.real_or("weight_decay", recipe.optimizer == "adamw" ? 0.01 : 0.0);
  recipe.epsilon = c.real_or("eps", recipe.optimizer == "adagrad" ? 1e-10 : 1e-8);
  recipe.smoothing = c.real_or("alpha", 0.99);
  if (c.has("betas")) {
    const auto betas = c.reals("betas");
    recipe.betas = {betas.at(0), betas.at(1)};
  }
  return recipe;
}

// The places where rates[i] / rates[i - 1] is one and the same factor, all else being constant.
bool read_milestones(const std::vector<double>& rates, TrainingRecipe& recipe) {
  recipe.milestones.clear();
  recipe.gamma = 0.0;
  for (std::size_t i = 1; i < rates.size(); ++i) {
    const double factor = rates[i] / rates[i - 1];
    if (std::fabs(factor - 1.0) < 1e-12) continue;
    if (recipe.gamma != 0.0 && std::fabs(factor / recipe.gamma - 1.0) > 1e-12) return false;
    recipe.gamma = factor;
    recipe.milestones.push_back(static_cast<double>(i) / static_cast<double>(rates.size()));
  }
  return !recipe.milestones.empty() && recipe.milestones.size() < rates.size() / 2;
}

// How many steps until the first of `rates` comes back after a fall.
std::size_t first_restart(const std::vector<double>& rates) {
  std::size_t i = 1;
  while (i < rates.size() && rates[i] < rates[i - 1]) ++i;
  return i;
}

struct Schedule {
  TrainingRecipe recipe;
  std::int64_t total = 0;
  std::int64_t warmup = 0;
};

// The cases name a schedule and its values, not its parameters: those are read from a few of the
// values, and all are compared.
std::vector<Schedule> candidates(const std::vector<double>& rates, double base) {
  const auto total = static_cast<std::int64_t>(rates.size());
  std::vector<Schedule> list;
  const auto add = [&](const char* name, auto change) -> void {
    Schedule s;
    s.total = total;
    s.recipe.schedule = name;
    s.recipe.lr = base;
    change(s);
    list.push_back(s);
  };
  add("constant", [](Schedule&) {});
  TrainingRecipe steps;
  if (read_milestones(rates, steps)) {
    add("step", [&](Schedule& s) {
      s.recipe.milestones = steps.milestones;
      s.recipe.gamma = steps.gamma;
    });
  }
  add("exponential", [&](Schedule& s) {
    s.recipe.gamma = std::pow(rates[1] / rates[0], static_cast<double>(total));
  });
  for (double floor : {0.0, 1e-4, 1e-3, 1e-5, 1e-6}) {
    add("cosine", [&](Schedule& s) { s.recipe.min_lr = floor; });
    add("cosine_restarts", [&](Schedule& s) {
      s.recipe.min_lr = floor;
      s.recipe.restart_after =
          static_cast<double>(first_restart(rates)) / static_cast<double>(total);
      s.recipe.restart_factor = 2;
    });
    add("cosine_restarts", [&](Schedule& s) {
      s = list.back();
      s.recipe.restart_factor = 1;
    });
  }
  for (std::int64_t end = total / 2; end <= total; ++end) {
    for (double power : {1.0, 2.0, 0.9, 3.0}) {
      add("polynomial", [&](Schedule& s) {
        s.total = end;
        s.recipe.power = power;
      });
    }
  }
  const auto peak = std::max_element(rates.begin(), rates.end());
  for (double floor : {0.0, rates.back()}) {
    add("cosine", [&](Schedule& s) {
      s.warmup = peak - rates.begin();
      s.recipe.lr = *peak;
      s.recipe.min_lr = floor;
      s.recipe.warmup_start = rates[0] / *peak;
    });
  }
  add("constant", [&](Schedule& s) {
    s.warmup = peak - rates.begin();
    s.recipe.lr = *peak;
    s.recipe.warmup_start = rates[0] / *peak;
  });
  add("one_cycle", [&](Schedule& s) {
    s.warmup = peak - rates.begin() + 1;
    // The peak may fall between two steps: OneCycleLR starts at 1/25 of it and ends at 1e-4 of
    // that.
    s.recipe.lr = rates[0] * 25.0;
    s.recipe.min_lr = rates.back();
  });
  return list;
}

double largest_error(const Schedule& s, const std::vector<double>& rates) {
  double largest = 0.0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const auto step = static_cast<std::int64_t>(i);
    const double rate = learning_rate(s.recipe, step, s.total, s.warmup);
    largest = std::max(largest, std::fabs(rate - rates[i]) / std::max(rates[i], 1e-12));
  }
  return largest;
}

// conv-bn-relu-[fq]-pool-conv-bn-relu-[fq]-gap-fc, as the suite's config.txt draws it.
Graph trajectory_network(const SuiteCase& c) {
  GraphBuilder b("trajectory", 1);
  Shape shape = c.array("X").shape;
  shape[0] = -1;
  ValueId x = b.input("x", shape);
  const auto init = [&](const std::string& name) {
    const auto values = c.array("init_" + name);
    return b.constant(name, values.shape, values.floats());
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
               {{"epsilon", static_cast<float>(c.real("bn_eps"))},
                {"momentum", static_cast<float>(1.0 - c.real("bn_momentum"))}});
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
    quantizer.observer = "minmax";
    if (activation) {
      quantizer.spec = {.bits = 8, .symmetric = true};
      quantizer.parameters = {{4.0f / 255.0f}, {0}};
    } else {
      quantizer.spec = {.bits = bits,
                        .is_signed = true,
                        .symmetric = true,
                        .narrow_range = true,
                        .per_channel = true};
      const auto channels = static_cast<std::size_t>(value.constant->shape()[0]);
      quantizer.parameters = {std::vector<float>(channels, 1.0f),
                              std::vector<std::int32_t>(channels, 0)};
    }
    value.quantizer = static_cast<QuantizerId>(graph.quantizers.size());
    graph.quantizers.push_back(quantizer);
  }
}

// The README's bounds on the loss of a step.
double loss_bound(std::int64_t step, std::int64_t steps, bool quantized) {
  if (!quantized) return step < 30 ? 1e-5 : 1e-3;
  if (step < 10) return 1e-4;
  if (step < 30) return 5e-3;
  return step + 1 == steps ? 0.1 : 0.2;
}

}  // namespace

void judge_cross_entropy(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"label_smoothing", "ignore_index", "reduction"});
  CrossEntropyOptions options;
  options.label_smoothing = c.real("label_smoothing");
  options.ignore_index = c.integer("ignore_index");
  options.sum = c.text("reduction") == "sum";
  if (!options.sum && c.text("reduction") != "mean") {
    throw Error(ErrorCode::kUnsupported,
                "reduction " + c.text("reduction") + " is not one of gradus's");
  }
  if (c.has_array("weight")) options.class_weights = floats(c, "weight");
  const at::Tensor x = floats(c, "x").set_requires_grad(true);
  const at::Tensor y = cross_entropy(x, doubles(c, "target").to(at::kLong), options);
  EXPECT_LE(relative_error(y, doubles(c, "y").reshape(y.sizes())), kTolerance) << "y";
  y.backward();
  EXPECT_LE(relative_error(x.grad(), doubles(c, "gx")), kTolerance) << "gx";
}

void judge_distillation(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"temperature", "formula"});
  const at::Tensor student = floats(c, "student").set_requires_grad(true);
  const at::Tensor teacher = floats(c, "teacher").set_requires_grad(true);
  const at::Tensor y = distillation(student, teacher, c.real("temperature"));
  EXPECT_LE(relative_error(y, doubles(c, "y").reshape(y.sizes())), kTolerance) << "y";
  y.backward();
  EXPECT_LE(relative_error(student.grad(), doubles(c, "gstudent")), kTolerance) << "gstudent";
  EXPECT_FALSE(teacher.grad().defined());
}

void judge_optimizer(const SuiteCase& c, Notes&) {
  const TrainingRecipe recipe = recipe_of(c);
  const at::Tensor w = floats(c, "w0").clone().set_requires_grad(true);
  Optimizer optimizer(recipe, {{"w", Network::Kind::kWeights, w}});
  const at::Tensor gradients = floats(c, "grads");
  const at::Tensor expected = doubles(c, "w");
  for (std::int64_t i = 0; i < gradients.size(0); ++i) {
    w.mutable_grad() = gradients[i].clone();
    optimizer.step(recipe.lr);
    EXPECT_LE(relative_error(w.detach(), expected[i]), kTolerance) << "step " << i;
  }
}

void judge_schedule(const SuiteCase& c, Notes& notes) {
  refuse_other_keys(c, {"base_lr"});
  const std::vector<double> rates = c.array("lr").values;
  ASSERT_GE(rates.size(), 10u);
  std::string best = "none";
  double least = 1e300;
  for (const Schedule& s : candidates(rates, c.real("base_lr"))) {
    const double error = largest_error(s, rates);
    if (error >= least) continue;
    least = error;
    best = s.recipe.schedule;
  }
  EXPECT_LE(least, 1e-9) << "the nearest schedule is " << best;
  notes.lines.push_back("as schedule " + best);
}

void judge_clipping(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"max_norm"});
  TrainingRecipe recipe;
  recipe.momentum = recipe.weight_decay = 0.0;
  recipe.lr = 1.0;
  recipe.clip_grad_norm = c.real("max_norm");
  std::vector<Network::Parameter> parameters;
  for (int i = 0; c.has_array("g" + std::to_string(i)); ++i) {
    const at::Tensor g = floats(c, "g" + std::to_string(i));
    const at::Tensor w = at::zeros_like(g).set_requires_grad(true);
    w.mutable_grad() = g;
    parameters.push_back({"g" + std::to_string(i), Network::Kind::kWeights, w});
  }
  ASSERT_FALSE(parameters.empty());
  Optimizer(recipe, parameters).step(1.0);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const at::Tensor clipped = doubles(c, "o" + std::to_string(i));
    EXPECT_LE(relative_error(-parameters[i].tensor.detach(), clipped), 1e-6) << i;
  }
}

void judge_trajectory(const SuiteCase& c, Notes&) {
  Graph graph = trajectory_network(c);
  const int bits = static_cast<int>(c.integer("weight_bits"));
  const bool quantized = bits < 32;
  if (quantized) add_quantizers(graph, bits);
  Network network(graph);
  TrainingRecipe recipe;
  recipe.lr = c.real("lr");
  recipe.momentum = c.real("momentum");
  recipe.weight_decay = c.real("weight_decay");
  // The suite decays every parameter alike.
  std::vector<Network::Parameter> parameters = network.parameters();
  for (auto& parameter : parameters) parameter.kind = Network::Kind::kWeights;
  Optimizer optimizer(recipe, parameters);
  const at::Tensor images = floats(c, "X");
  const at::Tensor labels = doubles(c, "Y").to(at::kLong);
  const std::vector<double> losses = c.array("loss").values;
  const std::int64_t batch = c.integer("batch"), steps = c.integer("steps");
  for (std::int64_t step = 0; step < steps; ++step) {
    network.update_quantizers();  // weights alone: activations are not observed
    const std::int64_t at = batch * step % images.size(0);
    const at::Tensor loss =
        cross_entropy(network.forward(images.slice(0, at, at + batch), {.batch_statistics = true}),
                      labels.slice(0, at, at + batch));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step(recipe.lr);
    const double expected = losses.at(static_cast<std::size_t>(step));
    ASSERT_NEAR(loss.item<double>(), expected, loss_bound(step, steps, quantized) * expected)
        << "step " << step;
  }
  const at::NoGradGuard no_grad;
  network.update_quantizers();
  const at::Tensor answers = network.forward(images, {}).argmax(1);
  const std::int64_t right = at::sum(answers == labels).item<std::int64_t>();
  const std::int64_t torchs =
      at::sum(doubles(c, "logits").argmax(1) == labels).item<std::int64_t>();
  EXPECT_LE(std::abs(right - torchs), quantized ? 2 : 1) << right << " right, torch " << torchs;
}

}  // namespace gradus::torch_oracle
