// Softmax and LogSoftmax along one axis.
#include <algorithm>
#include <cmath>

#include "gradus/floatops/cells.h"
#include "gradus/floatops/float_op.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

template <bool kLog>
void softmax(const Attributes& attributes, std::span<const FloatInput> in,
             std::span<const FloatOutput> out) {
  const Shape& shape = in[0].shape;
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  const std::int64_t size = shape[axis], inner = floatops::product(shape, axis + 1, shape.size());
  const std::int64_t outer = floatops::product(shape, 0, axis);
  for (std::int64_t line = 0; line < outer * inner; ++line) {
    const std::int64_t start = line / inner * size * inner + line % inner;
    const float* x = in[0].data.data() + start;
    float* y = out[0].data.data() + start;
    double largest = -HUGE_VAL;
    for (std::int64_t i = 0; i < size; ++i) {
      largest = std::max(largest, static_cast<double>(x[i * inner]));
    }
    double sum = 0.0;
    for (std::int64_t i = 0; i < size; ++i) {
      sum += std::exp(static_cast<double>(x[i * inner]) - largest);
    }
    const double log_sum = std::log(sum);
    for (std::int64_t i = 0; i < size; ++i) {
      const double distance = static_cast<double>(x[i * inner]) - largest;
      y[i * inner] = static_cast<float>(kLog ? distance - log_sum : std::exp(distance) / sum);
    }
  }
}

}  // namespace

floatops::FloatOpFamily softmax_float_op() {
  return {FloatOp{.type = "Softmax", .run = softmax<false>},
          FloatOp{.type = "LogSoftmax", .run = softmax<true>}};
}

}  // namespace gradus
