#include <ATen/ATen.h>

#include "gradus/train/average_codes.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

at::Tensor forward(const FloatContext&, const Node&, std::span<const at::Tensor> inputs) {
  return at::mean(inputs[0], {2, 3}, true);
}

CodeFunction codes(const CodeContext& context, const Node& node) {
  const Shape& shape = known_shape(context.graph, node, node.inputs.at(0));
  const std::int64_t count = shape.at(2) * shape.at(3);
  const AverageCodes average(context, node, count);
  return [count, average](std::span<const at::Tensor> inputs) {
    return average.finish(at::sum(average.cast(inputs[0]), {2, 3}, true),
                          {static_cast<std::int32_t>(count)});
  };
}

}  // namespace

TrainOpFamily global_average_pool_train_op() {
  return {{.op = "GlobalAveragePool", .forward = forward, .codes = codes, .fresh_output = true}};
}

}  // namespace gradus
