#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  const Padding padding = padding_of(context.graph, node);
  std::vector<std::int64_t> pads;  // last axis first
  for (std::size_t axis = padding.before.size(); axis-- > 0;) {
    pads.push_back(padding.before[axis]);
    pads.push_back(padding.after[axis]);
  }
  return at::constant_pad_nd(inputs[0], pads, 0.0);
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, forward);
}

}  // namespace

TrainOpFamily pad_train_op() {
  return {{.op = "Pad", .forward = forward, .codes = codes, .moves_values = true}};
}

}  // namespace gradus
