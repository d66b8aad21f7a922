// Sums, differences and products of two tensors.
#include <ATen/ATen.h>

#include <utility>

#include "gradus/quant/integer_add.h"
#include "gradus/quant/integer_multiply.h"
#include "gradus/train/code_loops.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor add(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::add(inputs[0], inputs[1]);
}
at::Tensor subtract(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::sub(inputs[0], inputs[1]);
}
at::Tensor multiply(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::mul(inputs[0], inputs[1]);
}

// Both in one shape and one dense layout; a tensor of one pixel is repeated.
std::pair<at::Tensor, at::Tensor> aligned(std::span<const at::Tensor> inputs) {
  const bool second = inputs[0].numel() < inputs[1].numel();
  const at::Tensor& larger = inputs[second ? 1 : 0];
  const at::Tensor whole = larger.is_non_overlapping_and_dense() ? larger : larger.contiguous();
  at::Tensor other = inputs[second ? 0 : 1];
  if (other.sizes() != whole.sizes() || other.strides() != whole.strides()) {
    other = at::empty_like(whole).copy_(other.expand_as(whole));
  }
  return second ? std::pair{other, whole} : std::pair{whole, other};
}

CodeFunction sum_codes(const CodeContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node);
  const IntegerAdd sum = make_integer_add(
      context.profile, context.quantizer(node.inputs.at(0)), context.quantizer(node.inputs.at(1)),
      context.quantizer(node.outputs.at(0)), range.low, range.high, node.op == "Sub");
  return [sum](std::span<const at::Tensor> inputs) {
    const auto [a, b] = aligned(inputs);
    at::Tensor y = at::empty_like(a);
    const float* from_a = a.const_data_ptr<float>();
    const float* from_b = b.const_data_ptr<float>();
    float* to = y.mutable_data_ptr<float>();
    parallel_elements(a.numel(), [&](std::int64_t begin, std::int64_t end) {
      add_codes(from_a + begin, from_b + begin, to + begin, end - begin, sum);
    });
    return y;
  };
}

CodeFunction product_codes(const CodeContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node);
  const IntegerMultiply product = make_integer_multiply(
      context.profile, context.quantizer(node.inputs.at(0)), context.quantizer(node.inputs.at(1)),
      context.quantizer(node.outputs.at(0)), range.low, range.high);
  return [product](std::span<const at::Tensor> inputs) {
    const auto [a, b] = aligned(inputs);
    at::Tensor y = at::mul(a, b);  // below 2^16: exact
    float* q = y.mutable_data_ptr<float>();
    parallel_elements(y.numel(), [&](std::int64_t begin, std::int64_t end) {
      requantize_all(q + begin, q + begin, end - begin, product.requantizer, 0);
    });
    return y;
  };
}

}  // namespace

TrainOpFamily add_train_op() {
  return {{.op = "Add", .forward = add, .codes = sum_codes, .fresh_output = true},
          {.op = "Sub", .forward = subtract, .codes = sum_codes, .fresh_output = true},
          {.op = "Mul", .forward = multiply, .codes = product_codes, .fresh_output = true}};
}

}  // namespace gradus
