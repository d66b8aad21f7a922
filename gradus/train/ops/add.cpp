#include <ATen/ATen.h>

#include "gradus/base/check.h"
#include "gradus/quant/integer_add.h"
#include "gradus/train/code_loops.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::add(inputs[0], inputs[1]);
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node);
  const IntegerAdd add = make_integer_add(
      context.profile, context.quantizer(node.inputs.at(0)), context.quantizer(node.inputs.at(1)),
      context.quantizer(node.outputs.at(0)), range.low, range.high);
  return [add](std::span<const at::Tensor> inputs) {
    const at::Tensor a =
        inputs[0].is_non_overlapping_and_dense() ? inputs[0] : inputs[0].contiguous();
    at::Tensor b = inputs[1];
    check(a.sizes() == b.sizes(), "an exact addition of different shapes");
    if (b.strides() != a.strides()) b = at::empty_like(a).copy_(b);
    at::Tensor y = at::empty_like(a);
    const float* from_a = a.const_data_ptr<float>();
    const float* from_b = b.const_data_ptr<float>();
    float* to = y.mutable_data_ptr<float>();
    parallel_elements(a.numel(), [&](std::int64_t begin, std::int64_t end) {
      add_codes(from_a + begin, from_b + begin, to + begin, end - begin, add);
    });
    return y;
  };
}

}  // namespace

TrainOp add_train_op() {
  return {.op = "Add", .forward = forward, .codes = codes, .fresh_output = true};
}

}  // namespace gradus
