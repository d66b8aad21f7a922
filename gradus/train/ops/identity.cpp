#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return inputs[0];
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, forward);
}

}  // namespace

TrainOpFamily identity_train_op() {
  return {{.op = "Identity", .forward = forward, .codes = codes, .moves_values = true}};
}

}  // namespace gradus
