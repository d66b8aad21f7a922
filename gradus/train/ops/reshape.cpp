#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  return reshape_to_output(context.graph, node, inputs[0]);
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, forward);
}

}  // namespace

TrainOpFamily reshape_train_op() {
  return {{.op = "Reshape", .forward = forward, .codes = codes, .moves_values = true}};
}

}  // namespace gradus
