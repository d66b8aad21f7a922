#include "gradus/prepare/island_form.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/floatops/cells.h"
#include "gradus/graph/fused.h"
#include "gradus/graph/ops/evaluation.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/filled_weights.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

using floatops::CallInput;
using floatops::InputKind;

// Types whose numbers floats may stand for.
bool is_held(DType dtype) {
  switch (dtype) {
    case DType::kBool:
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kInt64:
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32:
      return true;
    default:
      return false;
  }
}

[[noreturn]] void refuse_type(const Node& node, const Value& value) {
  refuse_node(node, "computes with '" + value.name + "', which is " + dtype_name(value.dtype) +
                        "; expected float32");
}

// float32, or a type that floats stand for where the operator then computes the same.
void require_numbers(const Node& node, const Value& value) {
  const floatops::FloatOp* op = floatops::find_float_op(node.op);
  const bool same = op->numbers || op->move != nullptr;
  if (value.dtype != DType::kFloat32 && !(same && is_held(value.dtype))) refuse_type(node, value);
}

// The shape of one image, with a batch of 1 in front.
Shape image_shape(const Graph& graph, const Node& node, ValueId id) {
  const Value& value = graph.value(id);
  require_numbers(node, value);
  const Shape shape = value.shape.value_or(Shape{});
  const bool rest = shape.size() >= 1 && shape[0] == -1 &&
                    std::all_of(shape.begin() + 1, shape.end(), [](auto size) { return size > 0; });
  if (!rest) {
    refuse_node(node, "computes with '" + value.name + "', which is " + to_string(shape) +
                          "; expected the batch first and every other dimension known");
  }
  Shape one = shape;
  one[0] = 1;
  return one;
}

// Attributes that passes leave on a node for themselves.
bool is_own(const std::string& key) {
  return key.starts_with("bn_") || key.starts_with("activation_") || key == "inner" ||
         key == "unmapped" || key == "from_batch_norm";
}

std::vector<float> quantized_weights(const Graph& graph, const Value& value) {
  const Tensor& constant = *value.constant;
  std::vector<float> values;
  if (constant.is_filled()) {
    values.assign(static_cast<std::size_t>(constant.size()), constant.element().as<float>()[0]);
  } else {
    const auto given = constant.as<float>();
    values.assign(given.begin(), given.end());
  }
  if (value.quantizer == kNoQuantizer) return values;
  const Quantizer& quantizer = graph.quantizers[static_cast<std::size_t>(value.quantizer)];
  const auto& parameters = quantizer.parameters;
  if (parameters.scale.empty())
    return values;  // not calibrated yet: their number is all that counts
  const Shape& shape = value.constant->shape();
  const bool one = parameters.scale.size() == 1;  // for a number alone too, which has no axis
  const auto axis = static_cast<std::size_t>(quantizer.spec.axis);
  const std::int64_t inner = one ? 1 : floatops::product(shape, axis + 1, shape.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const auto entry = one ? std::size_t{0} : static_cast<std::size_t>(at / inner % shape.at(axis));
    const float scale = parameters.scale[entry];
    const std::int32_t zero_point = parameters.zero_point[entry];
    values[i] = dequantize(quantize(values[i], scale, zero_point, quantizer.spec.grid()), scale,
                           zero_point);
  }
  return values;
}

// Bools and integers, of which each must be a float.
std::vector<float> numbers_of(const Node& node, const Value& value) {
  std::vector<float> numbers;
  ops::with_type(node, value.constant->dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (T number : ops::cells<T>(*value.constant)) {
      const auto held = static_cast<float>(number);
      const bool exact = static_cast<double>(held) == static_cast<double>(number) &&
                         std::abs(static_cast<double>(number)) < 0x1p53;
      if (!exact) {
        refuse_node(node, "computes with " + std::to_string(number) + " of '" + value.name +
                              "', which is no float32");
      }
      numbers.push_back(held);
    }
  });
  return numbers;
}

void add_input(const Graph& graph, const Node& node, ValueId id, IslandForm& form) {
  CallInput input;
  if (id == kNoValue) {
    input.kind = InputKind::kLeftOut;
  } else if (const auto& constant = graph.value(id).constant) {
    require_numbers(node, graph.value(id));
    if (constant->is_filled() && constant->size() > kMostFilledMade / 2) {
      refuse_node(node, "computes in float with '" + graph.value(id).name + "', one number " +
                            std::to_string(constant->size()) + " times; expected trained weights");
    }
    input.kind = InputKind::kConstant;
    input.shape = constant->shape();
    input.values = constant->dtype() == DType::kFloat32 ? quantized_weights(graph, graph.value(id))
                                                        : numbers_of(node, graph.value(id));
  } else {
    input.shape = image_shape(graph, node, id);
    form.inputs.push_back(id);
  }
  form.call.inputs.push_back(std::move(input));
}

// y = gain * (w * x) + offset.
void fold_batch_norm(const Graph& graph, const Node& node, floatops::FloatCall& call) {
  const LinearConstants c = linear_constants(graph, node);
  if (c.gamma == nullptr) return;
  const auto floats = [](const Value* value) {
    return value == nullptr ? std::span<const float>{} : value->constant->as<float>();
  };
  const ChannelAffine affine = channel_affine(floats(c.bias), floats(c.gamma), floats(c.beta),
                                              floats(c.mean), floats(c.variance), c.epsilon);
  CallInput& weights = call.inputs.at(1);
  const std::size_t taps = weights.values.size() / affine.gain.size();
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    weights.values[i] = static_cast<float>(static_cast<double>(weights.values[i]) *
                                           static_cast<double>(affine.gain[i / taps]));
  }
  call.inputs.resize(3);
  call.inputs[2] = {
      InputKind::kConstant, {static_cast<std::int64_t>(affine.offset.size())}, affine.offset};
}

// The constant indices, from 0: floatops have them as an attribute.
std::vector<std::int64_t> gather_indices(const Graph& graph, const Node& node) {
  const auto& constant = graph.value(node.inputs.at(1)).constant;
  if (!constant) refuse_node(node, "its indices are computed at run time; expected constants");
  const Shape& shape = known_shape(graph, node, node.inputs[0]);
  const auto axis =
      static_cast<std::size_t>(normal_axis(node, node.integer("axis", 0), shape.size()));
  std::vector<std::int64_t> indices;
  if (constant->dtype() == DType::kInt32) {
    const auto narrow = constant->as<std::int32_t>();
    indices.assign(narrow.begin(), narrow.end());
  } else {
    const auto wide = constant->as<std::int64_t>();
    indices.assign(wide.begin(), wide.end());
  }
  for (std::int64_t& index : indices) index += index < 0 ? shape[axis] : 0;
  return indices;
}

// An image must not see the others of its batch.
void refuse_across_batch(const Node& node) {
  const auto holds = [&](const char* key, std::size_t at, std::int64_t harmless) {
    const auto list = node.integers(key, {});
    return at < list.size() && list[at] != harmless;
  };
  const auto axes = node.integers("axes", {});
  const bool across =
      node.integer("axis", 1) == 0 || std::find(axes.begin(), axes.end(), 0) != axes.end() ||
      holds("perm", 0, 0) || holds("repeats", 0, 1) ||
      (node.op == "Pad" &&
       (holds("pads", 0, 0) || holds("pads", node.integers("pads", {}).size() / 2, 0)));
  if (across) refuse_node(node, "computes across the batch; expected another axis");
}

}  // namespace

IslandForm island_form(const Graph& graph, const Node& node) {
  if (floatops::find_float_op(node.op) == nullptr) {
    refuse_node(node, "there is no such operator in float either");
  }
  if (node.outputs.size() != 1) {
    refuse_node(node, "has " + std::to_string(node.outputs.size()) + " outputs; expected one");
  }
  refuse_across_batch(node);
  IslandForm form;
  form.call.type = node.op;
  const floatops::Attributes attributes = ops::float_attributes(node);
  for (const auto& [key, value] : attributes.values()) {
    if (!is_own(key)) form.call.attributes.emplace(key, value);
  }
  if (node.op == "Gather") {
    form.call.attributes["indices"] = gather_indices(graph, node);
    add_input(graph, node, node.inputs[0], form);
  } else {
    for (ValueId id : node.inputs) add_input(graph, node, id, form);
  }
  form.call.output = image_shape(graph, node, node.outputs[0]);
  if (is_linear(node)) fold_batch_norm(graph, node, form.call);
  const Clamp clamp = fused_clamp(node);
  form.call.low = clamp.min;
  form.call.high = clamp.max;
  try {
    floatops::check_call(form.call);
  } catch (const Error& error) {
    refuse_node(node, error.what());
  }
  return form;
}

}  // namespace gradus
