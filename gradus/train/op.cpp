#include "gradus/train/op.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/prepare/attributes.h"

namespace gradus {

const TrainOp& find_train_op(const Node& node) {
  std::string known;
  for (const TrainOpFamily& family : train_ops()) {
    for (const TrainOp& op : family) {
      if (node.op == op.op) return op;
      known += (known.empty() ? "" : ", ") + std::string(op.op);
    }
  }
  refuse_node(node, "training and evaluation have no such operator; expected one of " + known);
}

ActivationQuantizer CodeContext::quantizer(ValueId id) const {
  const Value& value = graph.value(id);
  const Quantizer& quantizer = graph.quantizers.at(static_cast<std::size_t>(value.quantizer));
  if (quantizer.parameters.scale.size() != 1) {
    throw Error(ErrorCode::kInvalidArgument,
                "value '" + value.name + "': its quantizer has " +
                    std::to_string(quantizer.parameters.scale.size()) +
                    " scales; expected one: calibrate the network first");
  }
  return {quantizer.spec.grid(), quantizer.parameters.scale[0],
          quantizer.parameters.zero_point.at(0)};
}

CodeRange CodeContext::output_codes(const Node& node, Clamp own) const {
  const ValueId out = node.outputs.at(0);
  quantizer(out);  // refuses one without parameters
  const Quantizer& q = graph.quantizers[static_cast<std::size_t>(graph.value(out).quantizer)];
  return clamped_codes(q, compose(own, fused_clamp(node)));
}

at::Tensor apply_clamp(const at::Tensor& y, Clamp clamp, bool fresh) {
  if (!clamp.any()) return y;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  at::Tensor out = y;
  if (clamp.min == 0.0f && clamp.max == kInfinity) return fresh ? at::relu_(out) : at::relu(out);
  // hardtanh's gradient is 0 on the bounds too, as relu's is.
  return fresh ? at::hardtanh_(out, clamp.min, clamp.max) : at::hardtanh(out, clamp.min, clamp.max);
}

}  // namespace gradus
