#include "gradus/convert/lowering.h"

#include <utility>

#include "gradus/base/check.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/island_form.h"
#include "gradus/qmodel/limits.h"

namespace gradus {
namespace {

std::size_t index(std::int32_t id) { return static_cast<std::size_t>(id); }

const Quantizer* quantizer_of(const Graph& graph, ValueId id) {
  const QuantizerId quantizer = graph.value(id).quantizer;
  return quantizer == kNoQuantizer ? nullptr : &graph.quantizers[index(quantizer)];
}

// Islands have values of any rank: the first and the last axis stay, those between are one.
MapShape extents_of(const Shape& shape) {
  if (shape.size() >= 2 && shape.size() <= 4) return map_shape_of(shape);
  MapShape result;
  if (shape.size() < 2) return result;
  result.channels = shape[1];
  result.width = shape.back();
  for (std::size_t i = 2; i + 1 < shape.size(); ++i) result.height *= shape[i];
  return result;
}

void set_shape(QTensor* tensor, const Value& value) {
  check(value.shape.has_value(), "a value of the integer network has a shape");
  const MapShape shape = extents_of(*value.shape);
  tensor->channels = static_cast<std::int32_t>(shape.channels);
  tensor->height = static_cast<std::int32_t>(shape.height);
  tensor->width = static_cast<std::int32_t>(shape.width);
}

}  // namespace

LoweringContext::LoweringContext(const Graph& graph, QModel& model)
    : graph_(graph), model_(model), tensors_(graph.values.size(), -1) {}

const QTensor& LoweringContext::input(const Node& node, std::size_t i) const {
  return model_.tensors[index(tensor_of(data_inputs(graph_, node).at(i)))];
}

const Quantizer* LoweringContext::output_quantizer(const Node& node) const {
  return quantizer_of(graph_, node.outputs[0]);
}

CodeRange LoweringContext::output_codes(const Node& node, Clamp clamp) const {
  const Quantizer* quantizer = output_quantizer(node);
  check(quantizer != nullptr, "an output of codes without a quantizer");
  return clamped_codes(*quantizer, clamp);
}

void LoweringContext::emit(const Node& node, QOperator op, std::size_t inputs) {
  QNode result;
  result.name = node.name;
  result.op = std::move(op);
  const std::vector<ValueId> data = data_inputs(graph_, node);
  for (std::size_t i = 0; i < inputs; ++i) result.inputs.push_back(tensor_of(data.at(i)));
  if (flattened_ >= 0) result.inputs[0] = std::exchange(flattened_, -1);
  result.output = add_tensor(tensor_for(node.outputs[0]));
  tensors_[index(node.outputs[0])] = result.output;
  model_.nodes.push_back(std::move(result));
}

void LoweringContext::emit_flatten(const Node& node) {
  QTensor flat = input(node);
  flat.name = node.name + ".flat";
  flat.channels *= flat.height * flat.width;
  flat.height = flat.width = 1;
  const std::int32_t from = tensor_of(data_inputs(graph_, node).at(0));
  flattened_ = add_tensor(std::move(flat));
  model_.nodes.push_back({node.name + ".flatten", QFlatten{}, {from}, flattened_});
}

void LoweringContext::emit_island(const Node& node) {
  IslandForm form = island_form(graph_, node);
  QNode result;
  result.name = node.name;
  result.op = QIsland{std::move(form.call)};
  for (ValueId id : form.inputs) result.inputs.push_back(tensor_of(id));
  QTensor out = tensor_for(node.outputs[0]);
  if (out.kind == QTensorKind::kFloat) out.kind = QTensorKind::kPlanes;
  result.output = add_tensor(std::move(out));
  tensors_[index(node.outputs[0])] = result.output;
  model_.nodes.push_back(std::move(result));
}

bool LoweringContext::passes_on_float(const Node& node) const {
  if (quantizer_of(graph_, node.outputs[0]) != nullptr || !keeps_order(graph_, node)) return false;
  const std::int32_t from = tensor_of(node.inputs[0]);
  return node.op == "Identity" ||
         (from != model_.input && model_.tensors[index(from)].kind == QTensorKind::kFloat);
}

void LoweringContext::alias(const Node& node) {
  tensors_[index(node.outputs[0])] = tensor_of(node.inputs[0]);
}

void LoweringContext::add_input(ValueId id) {
  model_.input = add_tensor(float_tensor(id));
  tensors_[index(id)] = model_.input;
  if (quantizer_of(graph_, id) == nullptr) return;
  model_.tensors.back().name += ".float";
  const std::int32_t codes = add_tensor(tensor_for(id));
  model_.nodes.push_back({graph_.value(id).name + ".quantize", QQuantize{}, {model_.input}, codes});
  tensors_[index(id)] = codes;
}

void LoweringContext::add_output(ValueId id) {
  std::int32_t tensor = tensor_of(id);
  if (model_.tensors[index(tensor)].kind == QTensorKind::kCodes) {
    QTensor real = float_tensor(id);
    real.name += ".float";
    const std::int32_t codes = tensor;
    tensor = add_tensor(std::move(real));
    model_.nodes.push_back({graph_.value(id).name + ".dequantize", QDequantize{}, {codes}, tensor});
  }
  model_.outputs.push_back(tensor);
}

std::int32_t LoweringContext::add_tensor(QTensor tensor) {
  model_.tensors.push_back(std::move(tensor));
  return static_cast<std::int32_t>(model_.tensors.size() - 1);
}

std::int32_t LoweringContext::tensor_of(ValueId id) const {
  check(id != kNoValue && tensors_[index(id)] >= 0, "a value is lowered before it is used");
  return tensors_[index(id)];
}

QTensor LoweringContext::float_tensor(ValueId id) const {
  QTensor tensor;
  tensor.name = graph_.value(id).name;
  tensor.kind = QTensorKind::kFloat;
  set_shape(&tensor, graph_.value(id));
  return tensor;
}

QTensor LoweringContext::tensor_for(ValueId id) const {
  QTensor tensor = float_tensor(id);
  const Quantizer* quantizer = quantizer_of(graph_, id);
  if (quantizer == nullptr) return tensor;
  tensor.kind = QTensorKind::kCodes;
  tensor.bits = quantizer->spec.bits;
  tensor.grid = quantizer->spec.grid();
  tensor.scale = quantizer->parameters.scale[0];
  tensor.zero_point = quantizer->parameters.zero_point[0];
  return tensor;
}

const Lowering* find_lowering(const std::string& op_type) {
  for (const LoweringFamily& family : lowerings()) {
    for (const Lowering& lowering : family) {
      if (lowering.op_type == op_type) return &lowering;
    }
  }
  return nullptr;
}

std::int32_t extent(const Node& node, std::int64_t size) {
  if (size < 0 || size > limits::kExtent) {
    refuse_node(node, "a size is " + std::to_string(size) + "; expected at most " +
                          std::to_string(limits::kExtent));
  }
  return static_cast<std::int32_t>(size);
}

}  // namespace gradus
