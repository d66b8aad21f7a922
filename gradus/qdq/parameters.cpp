// Reading what a quantized node says of its codes.
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/qdq/lifter.h"

namespace gradus::qdq {
namespace {

std::string prefix(const Node& node) { return "node '" + node.name + "' (" + node.op + "): "; }

template <typename T>
std::vector<std::int32_t> widened(const Tensor& tensor) {
  const auto values = tensor.as<T>();
  return {values.begin(), values.end()};
}

}  // namespace

void refuse(const Node& node, const std::string& text) {
  throw Error(ErrorCode::kUnsupported, prefix(node) + text);
}

void invalid(const Node& node, const std::string& text) {
  throw Error(ErrorCode::kInvalidFile, prefix(node) + text);
}

std::optional<DType> code_type(std::int64_t number) {
  switch (number) {
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 21:
      return DType::kUint4;
    case 22:
      return DType::kInt4;
    case 25:
      return DType::kUint2;
    case 26:
      return DType::kInt2;
    default:
      return std::nullopt;
  }
}

std::vector<std::int32_t> integers(const Tensor& tensor) {
  switch (dtype_in_memory(tensor.dtype())) {
    case DType::kInt8:
      return widened<std::int8_t>(tensor);
    case DType::kUint8:
      return widened<std::uint8_t>(tensor);
    default:
      return widened<std::int32_t>(tensor);
  }
}

const Tensor& constant(const Graph& graph, const Node& node, std::size_t i, const char* what) {
  const ValueId id = node.input(i);
  if (id == kNoValue) invalid(node, std::string("has no ") + what);
  const Value& value = graph.value(id);
  if (!value.constant) {
    refuse(node, std::string(what) + " '" + value.name +
                     "' is computed at run time; expected a constant: quantize statically");
  }
  return *value.constant;
}

std::vector<float> scales(const Graph& graph, const Node& node, std::size_t i) {
  const Tensor& tensor = constant(graph, node, i, "scale");
  if (tensor.dtype() != DType::kFloat32) {
    refuse(node, std::string("its scale is ") + dtype_name(tensor.dtype()) + "; expected float32");
  }
  if (tensor.shape().size() > 1 && tensor.size() != 1) {
    refuse(node, "its scale is " + to_string(tensor.shape()) +
                     ", one a block; expected one, or one a channel");
  }
  const auto values = tensor.as<float>();
  if (values.empty()) invalid(node, "its scale is empty; expected one, or one a channel");
  for (float value : values) {
    if (!std::isfinite(value) || !(value > 0.0f)) {
      invalid(node, "has a scale of " + std::to_string(value) + "; expected a number above 0");
    }
  }
  return {values.begin(), values.end()};
}

Encoding Lifter::encoding(const Node& node, std::size_t scale, DType otherwise) const {
  Encoding result;
  result.scale = scales(graph_, node, scale);
  const bool has_zero = node.input(scale + 1) != kNoValue;
  const Tensor* zero = has_zero ? &constant(graph_, node, scale + 1, "zero point") : nullptr;
  const DType type = zero != nullptr ? zero->dtype() : otherwise;
  const auto whole = span_of(type);
  if (!whole) {
    refuse(node, std::string("its codes are ") + dtype_name(type) +
                     "; expected int8, uint8, int4, uint4, int2 or uint2: at most 8 bits");
  }
  result.whole = result.span = *whole;
  result.zero_point.assign(result.scale.size(), 0);
  if (zero == nullptr) return result;
  if (zero->size() != static_cast<std::int64_t>(result.scale.size())) {
    invalid(node, "has " + std::to_string(result.scale.size()) + " scales and " +
                      std::to_string(zero->size()) + " zero points; expected as many");
  }
  result.zero_point = integers(*zero);
  return result;
}

Encoding Lifter::encoding_of(const Node& node, std::size_t codes, std::size_t scale) const {
  const ValueId id = node.input(codes);
  std::optional<CodeSpan> type;
  if (is_codes(id)) {
    type = codes_.at(id).encoding.whole;
  } else if (is_constant(id)) {
    type = span_of(graph_.value(id).constant->dtype());
  }
  Encoding result = encoding(node, scale, DType::kUint8);
  if (!type) return result;  // real() refuses what is no codes
  if (node.input(scale + 1) == kNoValue) {
    result.whole = result.span = *type;
  } else if (result.whole != *type) {
    invalid(node, "its zero point is of a type with codes " + span_text(result.whole) +
                      ", and what it belongs to of one with codes " + span_text(*type) +
                      "; expected one type");
  }
  return result;
}

}  // namespace gradus::qdq
