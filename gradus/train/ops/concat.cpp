#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  return at::cat(std::vector<at::Tensor>(inputs.begin(), inputs.end()), node.integer("axis", 1));
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  std::vector<CodeFunction> rescale;
  for (ValueId id : node.inputs) rescale.push_back(rescaled_codes(context, node, id));
  return [rescale, axis = node.integer("axis", 1)](std::span<const at::Tensor> inputs) {
    std::vector<at::Tensor> parts;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      parts.push_back(rescale[i](inputs.subspan(i, 1)));
    return at::cat(parts, axis);
  };
}

}  // namespace

TrainOpFamily concat_train_op() {
  return {{.op = "Concat",
           .forward = forward,
           .codes = codes,
           .fresh_output = true,
           .moves_values = true}};
}

}  // namespace gradus
