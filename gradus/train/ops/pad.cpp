#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  const auto both = node.integers("pads", {});
  std::vector<std::int64_t> pads;  // last axis first
  for (std::size_t axis = both.size() / 2; axis-- > 0;) {
    pads.push_back(both[axis]);
    pads.push_back(both[both.size() / 2 + axis]);
  }
  return at::constant_pad_nd(inputs[0], pads, static_cast<double>(node.real("value", 0.0f)));
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  return moved_codes(context, node, forward);
}

}  // namespace

TrainOpFamily pad_train_op() {
  return {{.op = "Pad", .forward = forward, .codes = codes, .moves_values = true}};
}

}  // namespace gradus
