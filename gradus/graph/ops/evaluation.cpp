#include "gradus/graph/ops/evaluation.h"

#include "gradus/base/check.h"

namespace gradus::ops {
namespace {

// A tensor without elements may have no memory; floatops takes null for an input left out.
template <typename T>
T* not_null(T* data) {
  static std::remove_const_t<T> nothing{};
  return data == nullptr ? &nothing : data;
}

std::vector<Tensor> move(const Node& node, const floatops::FloatOp& op,
                         std::span<const Tensor* const> inputs, std::span<const TensorType> types) {
  std::vector<Tensor> outputs = make_outputs(types);
  // Constant inputs after the first of Gather and its like have become attributes.
  std::vector<floatops::CellInput> from;
  for (const Tensor* input : inputs) {
    if (input == nullptr || input->dtype() != inputs[0]->dtype()) break;
    from.push_back({not_null(input->bytes().data()), input->shape()});
  }
  std::vector<floatops::CellOutput> to;
  for (auto& output : outputs) to.push_back({not_null(output.bytes().data()), output.shape()});
  op.move(float_attributes(node), dtype_bytes(inputs[0]->dtype()), from, to);
  return outputs;
}

}  // namespace

floatops::Attributes float_attributes(const Node& node) {
  std::map<std::string, floatops::AttributeValue> values;
  for (const auto& [key, attribute] : node.attributes) {
    std::visit(
        [&, name = key](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_constructible_v<floatops::AttributeValue, T> &&
                        !std::is_same_v<T, Tensor>) {
            values.emplace(name, value);
          }
        },
        attribute);
  }
  return floatops::Attributes(std::move(values));
}

std::vector<Tensor> make_outputs(std::span<const TensorType> types) {
  std::vector<Tensor> outputs;
  for (const auto& type : types) outputs.emplace_back(type.dtype, type.shape);
  return outputs;
}

std::vector<Tensor> evaluate_floatop(const Node& node, std::span<const Tensor* const> inputs,
                                     std::span<const TensorType> types) {
  const floatops::FloatOp* op = floatops::find_float_op(node.op);
  check(op != nullptr, "an operator that floatops does not have");
  if (op->move != nullptr) return move(node, *op, inputs, types);
  std::vector<floatops::FloatInput> from;
  for (const Tensor* input : inputs) {
    if (input == nullptr) {
      from.emplace_back();
      continue;
    }
    if (input->dtype() != DType::kFloat32) {
      refuse(node,
             std::string("computes with ") + dtype_name(input->dtype()) + "; expected float32");
    }
    const auto data = input->as<float>();
    from.push_back({{not_null(data.data()), data.size()}, input->shape()});
  }
  std::vector<Tensor> outputs = make_outputs(types);
  std::vector<floatops::FloatOutput> to;
  for (auto& output : outputs) to.push_back({output.as<float>(), output.shape()});
  floatops::run_float_op(*op, float_attributes(node), from, to);
  return outputs;
}

}  // namespace gradus::ops
