// Constants that are codes: weights and biases as the reals they stand for, with their quantizers.
#include <algorithm>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/qdq/lifter.h"

namespace gradus::qdq {
namespace {

// The quantizer of a constant: of its span, or of its whole type where no quantizer has just that
// span.
QuantizerSpec constant_spec(const Node& node, const Encoding& encoding,
                            const std::vector<std::int32_t>& codes) {
  auto spec = spec_of(encoding.span, encoding.zero_point);
  if (!spec) spec = spec_of(encoding.whole, encoding.zero_point);
  if (!spec) refuse(node, "has a zero point outside " + span_text(encoding.whole));
  // Codes of -1 and 1 alone take one bit.
  const bool ternary = spec->bits == 2 && spec->narrow_range && spec->symmetric;
  if (ternary && std::all_of(codes.begin(), codes.end(), [](auto code) { return code != 0; })) {
    spec->bits = 1;
    spec->narrow_range = false;
  }
  spec->per_channel = encoding.scale.size() > 1;
  spec->axis = spec->per_channel ? encoding.axis : 0;
  return *spec;
}

}  // namespace

QuantizerId Lifter::turn_axis(QuantizerId id, const std::vector<std::int64_t>& perm) {
  Quantizer turned = graph_.quantizers.at(static_cast<std::size_t>(id));
  const auto place = std::find(perm.begin(), perm.end(), turned.spec.axis);
  check(place != perm.end(), "an axis that the permutation leaves out");
  turned.spec.axis = static_cast<int>(place - perm.begin());
  graph_.quantizers.push_back(std::move(turned));
  return static_cast<QuantizerId>(graph_.quantizers.size() - 1);
}

ValueId Lifter::real_constant(const Node& node, const std::string& name, Shape shape,
                              const std::vector<std::int32_t>& codes, const Encoding& encoding) {
  const auto slices = static_cast<std::int64_t>(encoding.scale.size());
  const auto axis = static_cast<std::size_t>(encoding.axis);
  if (slices > 1 && (axis >= shape.size() || shape[axis] != slices)) {
    invalid(node, "'" + name + "' is " + to_string(shape) + " and has " + std::to_string(slices) +
                      " scales along axis " + std::to_string(encoding.axis) +
                      "; expected one an index");
  }
  std::int64_t inner = 1;  // neighbours with one scale
  for (std::size_t i = axis + 1; slices > 1 && i < shape.size(); ++i) inner *= shape[i];
  std::vector<float> reals(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto q =
        slices == 1 ? 0 : static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % slices);
    reals[i] = dequantize(codes[i], encoding.scale[q], encoding.zero_point[q]);
  }
  Quantizer quantizer;
  quantizer.spec = constant_spec(node, encoding, codes);
  quantizer.parameters = {encoding.scale, encoding.zero_point};
  graph_.quantizers.push_back(std::move(quantizer));
  Value value;
  value.name = name + ".real";
  value.shape = shape;
  value.constant = Tensor::from<float>(shape, reals);
  value.quantizer = static_cast<QuantizerId>(graph_.quantizers.size() - 1);
  const ValueId id = add_value(std::move(value));
  if (shape.size() == 1 && std::all_of(encoding.zero_point.begin(), encoding.zero_point.end(),
                                       [](std::int32_t zero) { return zero == 0; })) {
    integers_[graph_.value(id).name] = {codes, encoding.scale};
  }
  return id;
}

ValueId Lifter::real_bias(const Node& node, std::size_t i, const std::vector<float>& scales) {
  const Tensor& tensor = constant(graph_, node, i, "bias");
  if (tensor.dtype() != DType::kInt32) {
    refuse(node, std::string("its bias is ") + dtype_name(tensor.dtype()) + "; expected int32");
  }
  IntegerConstant bias{integers(tensor), scales};
  if (scales.size() != 1 && scales.size() != bias.codes.size()) {
    invalid(node, "has " + std::to_string(scales.size()) + " scales for a bias of " +
                      std::to_string(bias.codes.size()) + "; expected one, or as many");
  }
  std::vector<float> reals;
  for (std::size_t c = 0; c < bias.codes.size(); ++c) {
    reals.push_back(scales[scales.size() == 1 ? 0 : c] * static_cast<float>(bias.codes[c]));
  }
  Value value;
  value.name = graph_.value(node.inputs[i]).name + ".real";
  value.shape = tensor.shape();
  value.constant = Tensor::from<float>(tensor.shape(), reals);
  const ValueId id = add_value(std::move(value));
  if (graph_.value(id).shape->size() == 1) integers_[graph_.value(id).name] = std::move(bias);
  return id;
}

void Lifter::set_integers(const Node& node, const std::vector<std::int32_t>& codes,
                          const std::vector<float>& scales) {
  std::vector<float> reals;
  for (std::size_t c = 0; c < codes.size(); ++c) {
    reals.push_back(scales[scales.size() == 1 ? 0 : c] * static_cast<float>(codes[c]));
  }
  const auto size = static_cast<std::int64_t>(codes.size());
  set_constant(node, Tensor::from<float>({size}, reals));
  integers_[graph_.value(node.outputs[0]).name] = {codes, scales};
}

CodeSpan Lifter::span_of_constant(ValueId id) const {
  const auto found = spans_.find(id);
  if (found != spans_.end()) return found->second;
  return span_of(graph_.value(id).dtype).value_or(CodeSpan{});
}

void Lifter::set_constant(const Node& node, Tensor tensor, std::optional<CodeSpan> span) {
  if (span) spans_[node.outputs.at(0)] = *span;
  Value& value = graph_.value(node.outputs.at(0));
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
}

}  // namespace gradus::qdq
