// Functions of one number. Definitions: ONNX operators 1.22 of the same names.
#include <cmath>

#include "gradus/floatops/float_op.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

// log(1 + exp(x)) without overflow.
double softplus(double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }
double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double hard_sigmoid(double x, double alpha, double beta) {
  return std::fmax(0.0, std::fmin(1.0, alpha * x + beta));
}
// NaN stays NaN.
double positive(double x) { return x < 0.0 ? 0.0 : x; }

template <double (*function)(double)>
void apply(const Attributes&, std::span<const FloatInput> in, std::span<const FloatOutput> out) {
  for (std::size_t i = 0; i < out[0].data.size(); ++i) {
    out[0].data[i] = static_cast<float>(function(static_cast<double>(in[0].data[i])));
  }
}

// Functions with attributes: made from them once, then called on each number.
template <typename Function>
void apply_with(const Attributes& attributes, std::span<const FloatInput> in,
                std::span<const FloatOutput> out) {
  const Function function(attributes);
  for (std::size_t i = 0; i < out[0].data.size(); ++i) {
    out[0].data[i] = static_cast<float>(function(static_cast<double>(in[0].data[i])));
  }
}

struct LeakyRelu {
  double alpha;
  explicit LeakyRelu(const Attributes& a) : alpha(a.real("alpha")) {}
  double operator()(double x) const { return x < 0.0 ? alpha * x : x; }
};
struct Elu {
  double alpha;
  explicit Elu(const Attributes& a) : alpha(a.real("alpha")) {}
  double operator()(double x) const { return x < 0.0 ? alpha * std::expm1(x) : x; }
};
struct Celu {
  double alpha;
  explicit Celu(const Attributes& a) : alpha(a.real("alpha")) {}
  double operator()(double x) const { return x < 0.0 ? alpha * std::expm1(x / alpha) : x; }
};
struct Selu {
  double alpha, gamma;
  explicit Selu(const Attributes& a) : alpha(a.real("alpha")), gamma(a.real("gamma")) {}
  double operator()(double x) const { return gamma * (x < 0.0 ? alpha * std::expm1(x) : x); }
};
struct ThresholdedRelu {
  double alpha;
  explicit ThresholdedRelu(const Attributes& a) : alpha(a.real("alpha")) {}
  double operator()(double x) const { return x <= alpha ? 0.0 : x; }
};
struct HardSigmoid {
  double alpha, beta;
  explicit HardSigmoid(const Attributes& a) : alpha(a.real("alpha")), beta(a.real("beta")) {}
  double operator()(double x) const { return hard_sigmoid(x, alpha, beta); }
};
struct Swish {
  double alpha;
  explicit Swish(const Attributes& a) : alpha(a.real("alpha")) {}
  double operator()(double x) const { return x * sigmoid(alpha * x); }
};
struct Gelu {
  bool tanh;
  explicit Gelu(const Attributes& a) : tanh(a.text("approximate") == "tanh") {}
  double operator()(double x) const {
    constexpr double kRootTwoOverPi = 0.79788456080286535588;
    if (tanh) return 0.5 * x * (1.0 + std::tanh(kRootTwoOverPi * (x + 0.044715 * x * x * x)));
    return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
  }
};
struct Clip {
  double low = -HUGE_VAL, high = HUGE_VAL;
  explicit Clip(const Attributes& a) {
    if (a.contains("min")) low = a.real("min");
    if (a.contains("max")) high = a.real("max");
  }
  double operator()(double x) const { return x < low ? low : x > high ? high : x; }
};

double negative(double x) { return -x; }
double reciprocal(double x) { return 1.0 / x; }
double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }
double softsign(double x) { return x / (1.0 + std::abs(x)); }
double mish(double x) { return x * std::tanh(softplus(x)); }
double hard_swish(double x) { return x * hard_sigmoid(x, 1.0 / 6.0, 0.5); }

}  // namespace

floatops::FloatOpFamily unary_float_op() {
  return {FloatOp{.type = "Relu", .run = apply<positive>},
          FloatOp{.type = "Abs", .run = apply<std::abs>},
          FloatOp{.type = "Neg", .run = apply<negative>},
          FloatOp{.type = "Sqrt", .run = apply<std::sqrt>},
          FloatOp{.type = "Exp", .run = apply<std::exp>},
          FloatOp{.type = "Log", .run = apply<std::log>},
          FloatOp{.type = "Reciprocal", .run = apply<reciprocal>},
          FloatOp{.type = "Ceil", .run = apply<std::ceil>},
          FloatOp{.type = "Floor", .run = apply<std::floor>},
          FloatOp{.type = "Round", .run = apply<std::nearbyint>},
          FloatOp{.type = "Sign", .run = apply<sign>},
          FloatOp{.type = "Erf", .run = apply<std::erf>},
          FloatOp{.type = "Sin", .run = apply<std::sin>},
          FloatOp{.type = "Cos", .run = apply<std::cos>},
          FloatOp{.type = "Sigmoid", .run = apply<sigmoid>},
          FloatOp{.type = "Tanh", .run = apply<std::tanh>},
          FloatOp{.type = "Softplus", .run = apply<softplus>},
          FloatOp{.type = "Softsign", .run = apply<softsign>},
          FloatOp{.type = "Mish", .run = apply<mish>},
          FloatOp{.type = "HardSwish", .run = apply<hard_swish>},
          FloatOp{.type = "LeakyRelu", .run = apply_with<LeakyRelu>},
          FloatOp{.type = "Elu", .run = apply_with<Elu>},
          FloatOp{.type = "Celu", .run = apply_with<Celu>},
          FloatOp{.type = "Selu", .run = apply_with<Selu>},
          FloatOp{.type = "ThresholdedRelu", .run = apply_with<ThresholdedRelu>},
          FloatOp{.type = "HardSigmoid", .run = apply_with<HardSigmoid>},
          FloatOp{.type = "Swish", .run = apply_with<Swish>},
          FloatOp{.type = "Gelu", .run = apply_with<Gelu>},
          FloatOp{.type = "Clip", .run = apply_with<Clip>}};
}

}  // namespace gradus
