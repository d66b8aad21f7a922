// Functions of one number.
#include <ATen/ATen.h>

#include <map>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

using Function = at::Tensor (*)(const Node&, const at::Tensor&);

double attribute(const Node& node, const char* key, float otherwise) {
  return static_cast<double>(node.real(key, otherwise));
}

const std::map<std::string, Function>& functions() {
  using N = const Node&;
  using T = const at::Tensor&;
  static const std::map<std::string, Function> list = {
      {"Abs", [](N, T x) { return at::abs(x); }},
      {"Ceil", [](N, T x) { return at::ceil(x); }},
      {"Celu", [](N n, T x) { return at::celu(x, attribute(n, "alpha", 1.0f)); }},
      {"Cos", [](N, T x) { return at::cos(x); }},
      {"Elu", [](N n, T x) { return at::elu(x, attribute(n, "alpha", 1.0f)); }},
      {"Erf", [](N, T x) { return at::erf(x); }},
      {"Exp", [](N, T x) { return at::exp(x); }},
      {"Floor", [](N, T x) { return at::floor(x); }},
      {"Gelu", [](N n, T x) { return at::gelu(x, n.text("approximate", "none")); }},
      {"HardSigmoid",
       [](N n, T x) {
         const double alpha = attribute(n, "alpha", 0.2f);
         return at::clamp(x * alpha + attribute(n, "beta", 0.5f), 0.0, 1.0);
       }},
      {"HardSwish", [](N, T x) { return at::hardswish(x); }},
      {"LeakyRelu", [](N n, T x) { return at::leaky_relu(x, attribute(n, "alpha", 0.01f)); }},
      {"Log", [](N, T x) { return at::log(x); }},
      {"Mish", [](N, T x) { return at::mish(x); }},
      {"Neg", [](N, T x) { return at::neg(x); }},
      {"Reciprocal", [](N, T x) { return at::reciprocal(x); }},
      {"Round", [](N, T x) { return at::round(x); }},
      {"Selu",
       [](N n, T x) {
         return at::elu(x, attribute(n, "alpha", 1.6732632f), attribute(n, "gamma", 1.0507010f));
       }},
      {"Sigmoid", [](N, T x) { return at::sigmoid(x); }},
      {"Sign", [](N, T x) { return at::sign(x); }},
      {"Sin", [](N, T x) { return at::sin(x); }},
      {"Softplus", [](N, T x) { return at::softplus(x); }},
      {"Softsign", [](N, T x) { return x / (at::abs(x) + 1.0); }},
      {"Sqrt", [](N, T x) { return at::sqrt(x); }},
      {"Swish", [](N n, T x) { return x * at::sigmoid(x * attribute(n, "alpha", 1.0f)); }},
      {"Tanh", [](N, T x) { return at::tanh(x); }},
      {"ThresholdedRelu",
       [](N n, T x) { return at::threshold(x, attribute(n, "alpha", 1.0f), 0.0); }}};
  return list;
}

at::Tensor forward(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  return functions().at(node.op)(node, inputs[0]);
}

}  // namespace

// Many of them need their result for the gradient, so that none is fresh.
TrainOpFamily functions_train_op() {
  TrainOpFamily family;
  for (const auto& [op, unused] : functions()) {
    family.push_back({.op = op.c_str(), .forward = forward});
  }
  return family;
}

}  // namespace gradus
