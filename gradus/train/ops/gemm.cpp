#include <ATen/ATen.h>

#include <memory>

#include "gradus/train/linear_codes.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  const at::Tensor bias = inputs.size() > 2 ? inputs[2] : at::Tensor();
  const at::Tensor y = at::linear(inputs[0], inputs[1], bias);
  if (inputs.size() < 7 || !inputs[3].defined()) return y;
  return batch_norm(context, y, inputs[3], inputs[4], inputs[5], inputs[6],
                    node.real("bn_epsilon", 1e-5f), node.real("bn_momentum", 0.9f));
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  const auto linear = std::make_shared<const LinearCodes>(context, node);
  return [linear](std::span<const at::Tensor> inputs) {
    return linear->finish(at::linear(linear->cast(inputs[0]), linear->weights()));
  };
}

}  // namespace

TrainOpFamily gemm_train_op() {
  return {{.op = "Gemm", .forward = forward, .codes = codes, .fresh_output = true}};
}

}  // namespace gradus
