// Functions of two numbers, with numpy's broadcasting. Add, Sub, Mul, Div are float's own.
#include <cmath>

#include "gradus/floatops/elementwise.h"
#include "gradus/floatops/float_op.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

float add(float a, float b) { return a + b; }
float subtract(float a, float b) { return a - b; }
float multiply(float a, float b) { return a * b; }
float divide(float a, float b) { return a / b; }
float power(float a, float b) {
  return static_cast<float>(std::pow(static_cast<double>(a), static_cast<double>(b)));
}
// NaN on either side is the result, as numpy's maximum and minimum have it.
float larger(float a, float b) { return a > b || std::isnan(a) ? a : b; }
float smaller(float a, float b) { return a < b || std::isnan(a) ? a : b; }
float prelu(float x, float slope) { return x < 0.0f ? slope * x : x; }

template <float (*function)(float, float)>
void apply(const Attributes&, std::span<const FloatInput> in, std::span<const FloatOutput> out) {
  floatops::combine(in[0].data.data(), in[0].shape, in[1].data.data(), in[1].shape,
                    out[0].data.data(), out[0].shape,
                    [](float a, float b) { return function(a, b); });
}

}  // namespace

floatops::FloatOpFamily binary_float_op() {
  return {FloatOp{.type = "Add", .run = apply<add>},
          FloatOp{.type = "Sub", .run = apply<subtract>},
          FloatOp{.type = "Mul", .run = apply<multiply>},
          FloatOp{.type = "Div", .run = apply<divide>},
          FloatOp{.type = "Pow", .run = apply<power>},
          FloatOp{.type = "Max", .run = apply<larger>, .numbers = true},
          FloatOp{.type = "Min", .run = apply<smaller>, .numbers = true},
          FloatOp{.type = "PRelu", .run = apply<prelu>}};
}

}  // namespace gradus
