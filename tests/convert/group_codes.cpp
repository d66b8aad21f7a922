#include "tests/convert/group_codes.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <stdexcept>

namespace gradus {
namespace {

using Unary = std::function<double(const Node&, double)>;
using Binary = double (*)(double, double);

double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return x > 30 ? x : std::log(1 + std::exp(x)); }
double cut(double x, double low, double high) { return std::min(std::max(x, low), high); }
double real(const Node& node, const char* key) {
  return static_cast<double>(node.real(key, std::nanf("")));
}
double gelu(const Node& node, double x) {
  if (node.text("approximate", "none") == "none") {
    return x / 2 * (1 + std::erf(x / std::numbers::sqrt2));
  }
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

const std::map<std::string, Unary>& unaries() {
  using N = const Node&;
  static const std::map<std::string, Unary> list = {
      {"Relu", [](N, double x) { return std::max(x, 0.0); }},
      {"Abs", [](N, double x) { return std::fabs(x); }},
      {"Neg", [](N, double x) { return -x; }},
      {"Sqrt", [](N, double x) { return std::sqrt(x); }},
      {"Exp", [](N, double x) { return std::exp(x); }},
      {"Erf", [](N, double x) { return std::erf(x); }},
      {"Reciprocal", [](N, double x) { return 1 / x; }},
      {"Sigmoid", [](N, double x) { return logistic(x); }},
      {"Tanh", [](N, double x) { return std::tanh(x); }},
      {"Softplus", [](N, double x) { return softplus(x); }},
      {"Mish", [](N, double x) { return x * std::tanh(softplus(x)); }},
      {"HardSwish", [](N, double x) { return x * cut(x / 6 + 0.5, 0, 1); }},
      {"Gelu", gelu},
      {"LeakyRelu", [](N n, double x) { return x < 0 ? real(n, "alpha") * x : x; }},
      {"Elu", [](N n, double x) { return x < 0 ? real(n, "alpha") * std::expm1(x) : x; }},
      {"Swish", [](N n, double x) { return x * logistic(real(n, "alpha") * x); }},
      {"HardSigmoid",
       [](N n, double x) { return cut(real(n, "alpha") * x + real(n, "beta"), 0, 1); }},
      {"Clip", [](N n, double x) {
         const double low = n.attributes.contains("min") ? real(n, "min") : -HUGE_VAL;
         return cut(x, low, n.attributes.contains("max") ? real(n, "max") : HUGE_VAL);
       }}};
  return list;
}

const std::map<std::string, Binary>& binaries() {
  static const std::map<std::string, Binary> list = {
      {"Add", [](double a, double b) { return a + b; }},
      {"Sub", [](double a, double b) { return a - b; }},
      {"Mul", [](double a, double b) { return a * b; }},
      {"Div", [](double a, double b) { return a / b; }},
      {"Max", [](double a, double b) { return std::max(a, b); }},
      {"Min", [](double a, double b) { return std::min(a, b); }},
      {"Pow", [](double a, double b) { return std::pow(a, b); }},
      {"PRelu", [](double a, double b) { return a < 0 ? a * b : a; }}};
  return list;
}

using Index = std::vector<std::int64_t>;

// Calls body(index, number) for every index of `shape`, the batch being 1.
void for_each_index(const Shape& shape,
                    const std::function<void(const Index&, std::size_t)>& body) {
  Index index(shape.size(), 0);
  std::size_t count = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) count *= static_cast<std::size_t>(shape[i]);
  for (std::size_t number = 0; number < count; ++number) {
    std::size_t rest = number;
    for (std::size_t axis = shape.size(); axis-- > 1;) {
      index[axis] = static_cast<std::int64_t>(rest) % shape[axis];
      rest /= static_cast<std::size_t>(shape[axis]);
    }
    body(index, number);
  }
}

std::size_t number_of(const Shape& shape, const Index& index) {
  std::int64_t number = 0;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    number = number * shape[axis] + index[axis];
  }
  return static_cast<std::size_t>(number);
}

// Where the element at `o` of the result lies in the input.
Index source_index(const Node& node, const Shape& in, const Shape& out, const Index& o) {
  Index i = o;
  if (node.op == "Transpose") {
    const auto perm = node.integers("perm", {});
    for (std::size_t axis = 0; axis < perm.size(); ++axis) {
      i[static_cast<std::size_t>(perm[axis])] = o[axis];
    }
  } else if (node.op == "Resize") {  // whole factors, asymmetric, floor
    for (std::size_t axis = 1; axis < in.size(); ++axis) i[axis] = o[axis] * in[axis] / out[axis];
  } else if (node.op == "DepthToSpace") {
    const std::int64_t b = node.integer("blocksize", 0);
    const std::int64_t part = o[2] % b * b + o[3] % b;
    const bool crd = node.text("mode", "DCR") == "CRD";
    i = {0, crd ? o[1] * b * b + part : part * out[1] + o[1], o[2] / b, o[3] / b};
  } else if (node.op == "SpaceToDepth") {
    const std::int64_t b = node.integer("blocksize", 0);
    const std::int64_t part = o[1] / in[1];
    i = {0, o[1] % in[1], o[2] * b + part / b, o[3] * b + part % b};
  } else if (node.op == "Slice") {
    const auto axes = node.integers("axes", {});
    for (std::size_t k = 0; k < axes.size(); ++k) {
      const auto axis = static_cast<std::size_t>(axes[k]);
      i[axis] = node.integers("starts", {})[k] + o[axis] * node.integers("steps", {})[k];
    }
  } else {
    throw std::runtime_error("group_codes: " + node.op);
  }
  return i;
}

}  // namespace

bool is_function(const std::string& op) {
  return unaries().contains(op) || binaries().contains(op);
}

float function_of(const Node& node, const std::vector<float>& operands) {
  const auto x = static_cast<double>(operands[0]);
  const auto binary = binaries().find(node.op);
  if (binary == binaries().end()) return static_cast<float>(unaries().at(node.op)(node, x));
  return static_cast<float>(binary->second(x, static_cast<double>(operands.at(1))));
}

std::vector<std::int32_t> moved(const Node& node, const std::vector<std::int32_t>& codes,
                                const Shape& in, const Shape& out, std::int32_t zero) {
  if (node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" ||
      node.op == "Unsqueeze" || node.op == "Identity") {
    return codes;
  }
  std::vector<std::int32_t> result;
  if (node.op == "ConvTranspose") {  // zeros between the pixels
    const auto strides = node.integers("strides", {1, 1});
    for_each_index(out, [&](const Index& o, std::size_t) {
      const bool pixel = o[2] % strides[0] == 0 && o[3] % strides[1] == 0;
      const Index from = {0, o[1], o[2] / strides[0], o[3] / strides[1]};
      result.push_back(pixel ? codes.at(number_of(in, from)) : zero);
    });
    return result;
  }
  for_each_index(out, [&](const Index& o, std::size_t) {
    result.push_back(codes.at(number_of(in, source_index(node, in, out, o))));
  });
  return result;
}

}  // namespace gradus
