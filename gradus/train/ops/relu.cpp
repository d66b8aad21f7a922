#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  return apply_clamp(inputs[0], *clamp_of(node), false);
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return rescaled_codes(context, node, node.inputs.at(0), *clamp_of(node));
}

}  // namespace

TrainOpFamily relu_train_op() { return {{.op = "Relu", .forward = forward, .codes = codes}}; }

}  // namespace gradus
