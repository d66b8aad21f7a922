#include "gradus/train/network.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/prepare/integer_form.h"

namespace gradus {
namespace {

bool is_linear_op(const Node& node) { return node.op == "Conv" || node.op == "Gemm"; }

at::ScalarType torch_type(DType dtype) {
  switch (dtype_in_memory(dtype)) {
    case DType::kFloat32:
      return at::kFloat;
    case DType::kFloat64:
      return at::kDouble;
    case DType::kInt8:
      return at::kChar;
    case DType::kInt16:
      return at::kShort;
    case DType::kInt32:
      return at::kInt;
    case DType::kInt64:
      return at::kLong;
    case DType::kUint8:
      return at::kByte;
    case DType::kBool:
      return at::kBool;
    default:
      return at::ScalarType::Undefined;
  }
}

// What training does with a constant input of a node.
enum class ConstantRole { kFixed, kWeights, kAffine, kStatistic };

ConstantRole role_of(const Node& node, std::size_t input) {
  if (is_linear_op(node)) {
    if (input == 0) return ConstantRole::kFixed;
    if (input == 1) return ConstantRole::kWeights;
    return input <= 4 ? ConstantRole::kAffine : ConstantRole::kStatistic;
  }
  if (node.op == "PRelu" && input == 1) return ConstantRole::kAffine;
  const bool own_statistics = node.op == "InstanceNormalization" || node.op == "LayerNormalization";
  if (own_statistics && input > 0) return ConstantRole::kAffine;
  if (node.op == "BatchNormalization" && input > 0) {
    return input <= 2 ? ConstantRole::kAffine : ConstantRole::kStatistic;
  }
  return ConstantRole::kFixed;
}

}  // namespace

at::Tensor to_torch(const Tensor& tensor) {
  const at::ScalarType type = torch_type(tensor.dtype());
  if (type == at::ScalarType::Undefined) return {};
  const at::Tensor rows = at::from_blob(const_cast<std::byte*>(tensor.bytes().data()),
                                        tensor.shape(), at::TensorOptions(type));
  return rows.to(
      at::kFloat, false, true,
      tensor.shape().size() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

Tensor from_torch(const at::Tensor& tensor) {
  const at::Tensor rows = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  return Tensor::from<float>(
      rows.sizes().vec(), {rows.const_data_ptr<float>(), static_cast<std::size_t>(rows.numel())});
}

Network::Network(const Graph& graph)
    : graph_(graph), last_use_(graph.values.size(), 0), constants_(graph.values.size()) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    ops_.push_back(&find_train_op(graph.nodes[i]));
    for (ValueId id : graph.nodes[i].inputs) {
      if (id != kNoValue) last_use_[static_cast<std::size_t>(id)] = i;
    }
  }
  for (ValueId id : graph.outputs) last_use_[static_cast<std::size_t>(id)] = graph.nodes.size();
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    const auto& constant = graph.values[i].constant;
    if (constant) constants_[i] = to_torch(*constant);
  }
  add_parameters();
  add_quantizers();
}

void Network::add_parameters() {
  std::vector<bool> known(graph_.values.size(), false);
  for (const Node& node : graph_.nodes) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      const ConstantRole role = role_of(node, i);
      if (id == kNoValue || role == ConstantRole::kFixed) continue;
      const auto index = static_cast<std::size_t>(id);
      if (known[index] || !constants_[index].defined()) continue;
      known[index] = true;
      const std::string& name = graph_.values[index].name;
      if (role == ConstantRole::kStatistic) {
        buffers_.push_back({name, constants_[index]});
        continue;
      }
      constants_[index].set_requires_grad(true);
      parameters_.push_back({name, role == ConstantRole::kWeights ? Kind::kWeights : Kind::kAffine,
                             constants_[index]});
    }
  }
}

void Network::add_quantizers() {
  quantizers_.resize(graph_.quantizers.size());
  for (std::size_t q = 0; q < quantizers_.size(); ++q) {
    const Quantizer& from = graph_.quantizers[q];
    TrainedQuantizer& to = quantizers_[q];
    to.estimator = &find_estimator(from.estimator);
    to.observer = &find_observer(from.observer);
    to.spec = from.spec;
    to.averaging_constant = from.averaging_constant;
    to.fake.grid = from.spec.grid();
    to.fake.axis = from.spec.per_channel ? from.spec.axis : 0;
    to.fake.zero_point = from.parameters.zero_point;
    if (from.parameters.scale.empty()) continue;
    to.fake.scale = at::tensor(from.parameters.scale, at::kFloat);
    if (to.estimator->learns_scale) to.fake.scale.set_requires_grad(true);
  }
  for (std::size_t i = 0; i < graph_.values.size(); ++i) {
    const Value& value = graph_.values[i];
    if (value.quantizer == kNoQuantizer) continue;
    const auto q = static_cast<std::size_t>(value.quantizer);
    TrainedQuantizer& quantizer = quantizers_[q];
    if (value.constant) quantizer.weights = static_cast<ValueId>(i);
    const bool learned = quantizer.fake.scale.defined() && quantizer.estimator->learns_scale;
    const std::string name = "scale." + std::to_string(q);
    const auto same = [&](const Parameter& p) { return p.name == name; };
    if (learned && std::none_of(parameters_.begin(), parameters_.end(), same)) {
      parameters_.push_back({name, Kind::kScale, quantizer.fake.scale});
    }
  }
}

at::Tensor Network::quantized(QuantizerId id, const at::Tensor& x, Clamp clamp, bool fresh,
                              bool observe) {
  TrainedQuantizer& quantizer = quantizers_[static_cast<std::size_t>(id)];
  if (!quantizer.fake.scale.defined()) {
    throw Error(ErrorCode::kInvalidArgument,
                "a quantizer of network '" + graph_.name +
                    "' has no scale yet; calibrate the network before it is quantized");
  }
  FakeQuantizer fake = quantizer.fake;
  fake.clamp_min = clamp.min;
  fake.clamp_max = clamp.max;
  fake.in_place = fresh;
  if (observe && !quantizer.estimator->learns_scale) fake.observed = &quantizer.seen;
  const std::int64_t shared = quantizer.weights == kNoValue ? x.size(0) : fake.scale.numel();
  return quantizer.estimator->apply(
      x, fake,
      learned_step_gradient_factor(std::max<std::int64_t>(1, x.numel() / shared), fake.grid));
}

at::Tensor Network::input_of(ValueId id, bool quantize) {
  if (id == kNoValue) return {};
  const auto index = static_cast<std::size_t>(id);
  if (!constants_[index].defined()) return values_[index];
  const QuantizerId quantizer = graph_.values[index].quantizer;
  if (!quantize || quantizer == kNoQuantizer) return constants_[index];
  return quantized(quantizer, constants_[index], {}, false, false);
}

bool Network::only_moved(const Node& node, const TrainOp& op) const {
  if (!op.moves_values || fused_clamp(node).any()) return false;
  const QuantizerId quantizer = graph_.value(node.outputs[0]).quantizer;
  const std::vector<ValueId> inputs = data_inputs(graph_, node);
  return std::all_of(inputs.begin(), inputs.end(), [&](ValueId id) {
    return id == kNoValue || graph_.value(id).quantizer == quantizer;
  });
}

at::Tensor Network::finish(const Node& node, const TrainOp& op, const at::Tensor& y,
                           const ForwardOptions& options) {
  const ValueId out = node.outputs[0];
  const QuantizerId quantizer = graph_.value(out).quantizer;
  Clamp clamp = fused_clamp(node);
  bool fresh = op.fresh_output;
  at::Tensor result = y;
  if (quantizer != kNoQuantizer && options.on_value) {
    result = apply_clamp(result, clamp, fresh);
    clamp = {};
    options.on_value(out, result);
  }
  if (!options.quantize || quantizer == kNoQuantizer || only_moved(node, op)) {
    return apply_clamp(result, clamp, fresh);
  }
  return quantized(quantizer, result, clamp, fresh, options.observe);
}

at::Tensor Network::forward(const at::Tensor& images, const ForwardOptions& options) {
  values_.assign(graph_.values.size(), {});
  check(graph_.inputs.size() == 1 && !graph_.outputs.empty(), "a network has one input");
  const ValueId in = graph_.inputs[0];
  at::Tensor input = images;
  const QuantizerId input_quantizer = graph_.value(in).quantizer;
  if (input_quantizer != kNoQuantizer) {
    if (options.on_value) options.on_value(in, input);
    if (options.quantize) input = quantized(input_quantizer, input, {}, false, options.observe);
    if (options.on_result) options.on_result(in, input);
  }
  values_[static_cast<std::size_t>(in)] = input;
  const FloatContext context{graph_, options.batch_statistics, options.average_over};
  std::vector<at::Tensor> inputs;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    inputs.clear();
    for (ValueId id : node.inputs) inputs.push_back(input_of(id, options.quantize));
    const ValueId out = node.outputs[0];
    at::Tensor y = finish(node, *ops_[i], ops_[i]->forward(context, node, inputs), options);
    if (options.on_result &&
        (graph_.value(out).quantizer != kNoQuantizer || graph_.is_output(out))) {
      options.on_result(out, y);
    }
    values_[static_cast<std::size_t>(out)] = y;
    for (ValueId id : node.inputs) {
      if (id != kNoValue && last_use_[static_cast<std::size_t>(id)] == i) {
        values_[static_cast<std::size_t>(id)].reset();
      }
    }
  }
  at::Tensor result = values_[static_cast<std::size_t>(graph_.outputs[0])];
  values_.clear();
  return result;
}

void Network::write_to(Graph& graph) const {
  check(graph.values.size() == graph_.values.size(), "a network is written to another graph");
  for (std::size_t i = 0; i < constants_.size(); ++i) {
    const auto& constant = graph.values[i].constant;
    if (constant && constant->dtype() == DType::kFloat32) {
      graph.values[i].constant = from_torch(constants_[i]);
    }
  }
  for (std::size_t q = 0; q < quantizers_.size(); ++q) {
    const FakeQuantizer& fake = quantizers_[q].fake;
    if (!fake.scale.defined()) continue;
    const auto scale = from_torch(fake.scale);
    graph.quantizers[q].parameters = {{scale.as<float>().begin(), scale.as<float>().end()},
                                      fake.zero_point};
  }
}

}  // namespace gradus
