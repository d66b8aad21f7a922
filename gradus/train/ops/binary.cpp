// Operators of two tensors, with broadcasting, that have no integer form of their own.
#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

using Function = at::Tensor (*)(const at::Tensor&, const at::Tensor&);

template <Function function>
at::Tensor forward(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return function(inputs[0], inputs[1]);
}

at::Tensor divide(const at::Tensor& a, const at::Tensor& b) { return at::div(a, b); }
at::Tensor power(const at::Tensor& a, const at::Tensor& b) { return at::pow(a, b); }
at::Tensor larger(const at::Tensor& a, const at::Tensor& b) { return at::maximum(a, b); }
at::Tensor smaller(const at::Tensor& a, const at::Tensor& b) { return at::minimum(a, b); }
at::Tensor leaky(const at::Tensor& x, const at::Tensor& slope) {
  return at::where(x < 0.0, x * slope, x);
}

}  // namespace

TrainOpFamily binary_train_op() {
  return {{.op = "Div", .forward = forward<divide>},
          {.op = "Pow", .forward = forward<power>},
          {.op = "Max", .forward = forward<larger>},
          {.op = "Min", .forward = forward<smaller>},
          {.op = "PRelu", .forward = forward<leaky>}};
}

}  // namespace gradus
