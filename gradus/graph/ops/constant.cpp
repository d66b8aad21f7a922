#include "gradus/graph/ops/elements.h"
#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

Tensor tensor_of(const Node& node, const std::string& key, const Attribute& attribute) {
  if (key == "value" && std::holds_alternative<Tensor>(attribute))
    return std::get<Tensor>(attribute);
  if (key == "value_int") {
    const std::int64_t value = node.integer(key, 0);
    return Tensor::from<std::int64_t>({}, std::span(&value, 1));
  }
  if (key == "value_ints") return ops::int64_tensor(node.integers(key, {}));
  if (key == "value_float") {
    const float value = node.real(key, 0.0f);
    return Tensor::from<float>({}, std::span(&value, 1));
  }
  if (const auto* floats = std::get_if<std::vector<float>>(&attribute);
      floats && key == "value_floats") {
    return Tensor::from<float>({static_cast<std::int64_t>(floats->size())}, *floats);
  }
  ops::refuse(node, "attribute " + key + " is of another type than the operator defines");
}

void normalize_constant(NormalizeContext& context, Node& node) {
  if (node.attributes.size() != 1) {
    ops::invalid(
        node, "has " + std::to_string(node.attributes.size()) + " attributes; expected one value");
  }
  const auto& [key, attribute] = *node.attributes.begin();
  context.result = tensor_of(node, key, attribute);
}

// A Constant never stays a node.
std::vector<TensorType> infer_constant(const Graph&, const Node& node) {
  const auto& [key, attribute] = *node.attributes.begin();
  const Tensor tensor = tensor_of(node, key, attribute);
  return {{tensor.dtype(), tensor.shape()}};
}

// The shape becomes an attribute, so that the size of the result is known before it is made.
void normalize_constant_of_shape(NormalizeContext& context, Node& node) {
  const auto shape = ops::integers(context, node, 0, "shape");
  if (!shape) ops::invalid(node, "its shape is missing");
  if (shape->size() > 8) ops::refuse(node, "makes more than 8 dimensions");
  for (std::int64_t size : *shape) {
    if (size == kBatchSize) ops::refuse(node, "makes a constant as long as the batch");
    if (size < 0)
      ops::invalid(node, "its shape is " + ops::list_text(*shape) + "; expected sizes from 0");
  }
  node.attributes["shape"] = *shape;
}

Tensor fill_value(const Node& node) {
  const auto found = node.attributes.find("value");
  if (found == node.attributes.end()) return Tensor(DType::kFloat32, {1});
  const Tensor* tensor = std::get_if<Tensor>(&found->second);
  if (tensor == nullptr || tensor->size() != 1) {
    ops::invalid(node, "its value is not one number; expected a tensor of one element");
  }
  return *tensor;
}

std::vector<TensorType> infer_constant_of_shape(const Graph&, const Node& node) {
  return {{fill_value(node).dtype(), node.integers("shape", {})}};
}

std::vector<Tensor> evaluate_constant_of_shape(const Node& node, std::span<const Tensor* const>,
                                               std::span<const TensorType>) {
  return {Tensor::filled(fill_value(node), node.integers("shape", {}))};
}

}  // namespace

GraphOpFamily constant_graph_op() {
  return {{.type = "Constant",
           .since = 1,
           .min_inputs = 0,
           .max_inputs = 0,
           .attributes = {"value", "value_float", "value_floats", "value_int", "value_ints"},
           .normalize = normalize_constant,
           .infer_shape = infer_constant},
          {.type = "ConstantOfShape",
           .since = 9,
           .attributes = {"value"},
           .normalize = normalize_constant_of_shape,
           .infer_shape = infer_constant_of_shape,
           .evaluate = evaluate_constant_of_shape}};
}

}  // namespace gradus
