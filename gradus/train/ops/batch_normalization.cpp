#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  return batch_norm(context, inputs[0], inputs[1], inputs[2], inputs[3], inputs[4],
                    node.real("epsilon", 1e-5f), node.real("momentum", 0.9f));
}

}  // namespace

TrainOpFamily batch_normalization_train_op() {
  return {{.op = "BatchNormalization", .forward = forward, .fresh_output = true}};
}

}  // namespace gradus
