#include "gradus/graph/ops/quantization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/floatops/cells.h"

namespace gradus::ops {
namespace {

template <typename T>
std::int64_t read(const Tensor& tensor, std::size_t i) {
  return static_cast<std::int64_t>(cells<T>(tensor)[i]);
}

template <typename T>
void write(Tensor& tensor, std::size_t i, std::int64_t code) {
  cells<T>(tensor)[i] = static_cast<T>(code);
}

}  // namespace

std::int64_t Codes::operator[](std::size_t i) const {
  if (tensor_ == nullptr) return 0;
  switch (dtype_in_memory(tensor_->dtype())) {
    case DType::kInt8:
      return read<std::int8_t>(*tensor_, i);
    case DType::kUint8:
      return read<std::uint8_t>(*tensor_, i);
    case DType::kInt16:
      return read<std::int16_t>(*tensor_, i);
    case DType::kUint16:
      return read<std::uint16_t>(*tensor_, i);
    default:
      check(tensor_->dtype() == DType::kInt32, "codes of an integer type up to 32 bits");
      return read<std::int32_t>(*tensor_, i);
  }
}

void store(Tensor& tensor, std::size_t i, std::int64_t code) {
  switch (dtype_in_memory(tensor.dtype())) {
    case DType::kInt8:
      return write<std::int8_t>(tensor, i, code);
    case DType::kUint8:
      return write<std::uint8_t>(tensor, i, code);
    case DType::kInt16:
      return write<std::int16_t>(tensor, i, code);
    default:
      return write<std::uint16_t>(tensor, i, code);
  }
}

CodeLimits limits_of(DType dtype) {
  const auto whole = [](int bits, bool is_signed) -> CodeLimits {
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    return is_signed ? CodeLimits{-half, half - 1} : CodeLimits{0, 2 * half - 1};
  };
  switch (dtype) {
    case DType::kInt2:
      return whole(2, true);
    case DType::kUint2:
      return whole(2, false);
    case DType::kInt4:
      return whole(4, true);
    case DType::kUint4:
      return whole(4, false);
    case DType::kInt8:
      return whole(8, true);
    case DType::kUint8:
      return whole(8, false);
    case DType::kInt16:
      return whole(16, true);
    case DType::kUint16:
      return whole(16, false);
    default:
      check(dtype == DType::kInt32, "limits of an integer type up to 32 bits");
      return whole(32, true);
  }
}

std::int64_t saturated(float real, std::int64_t zero_point, CodeLimits limits) {
  // Far beyond every type, and whole in float: rounding cannot overflow.
  constexpr float kFar = 1099511627776.0f;  // 2^40
  const float bounded = std::isnan(real) ? 0.0f : std::clamp(real, -kFar, kFar);
  const auto rounded = static_cast<std::int64_t>(std::nearbyint(bounded));
  return std::clamp(rounded + zero_point, limits.low, limits.high);
}

namespace {

constexpr std::pair<std::int64_t, DType> kCodeTypes[] = {
    {2, DType::kUint8},  {3, DType::kInt8},  {4, DType::kUint16}, {5, DType::kInt16},
    {21, DType::kUint4}, {22, DType::kInt4}, {25, DType::kUint2}, {26, DType::kInt2}};

}  // namespace

DType dtype_of_code(const Node& node, std::int64_t number) {
  for (const auto& [known, dtype] : kCodeTypes) {
    if (known == number) return dtype;
  }
  refuse(node, "makes codes of ONNX's type " + std::to_string(number) +
                   "; expected integers of 2, 4, 8 or 16 bits");
}

std::int64_t code_type(const NormalizeContext& context, const Node& node) {
  const std::int64_t asked = node.integer("output_dtype", 0);
  if (node.input(2) == kNoValue) return asked == 0 ? 2 : asked;
  const DType dtype = input_dtype(context.graph, node, 2);
  for (const auto& [number, known] : kCodeTypes) {
    if (known != dtype) continue;
    if (asked != 0 && asked != number) {
      invalid(node, "output_dtype and the type of its zero point differ; expected one type");
    }
    return number;
  }
  refuse(node, std::string("its zero point is ") + dtype_name(dtype) +
                   "; expected an integer type of 2, 4, 8 or 16 bits");
}

void require_scale_type(const Node& node) {
  const std::int64_t precision = node.integer("precision", 0);
  if (precision != 0 && precision != 1) {
    refuse(node, "attribute precision is " + std::to_string(precision) + "; expected float32, 1");
  }
  const std::int64_t type = node.integer("output_dtype", 0);
  if (node.op == "DequantizeLinear" && type != 0 && type != 1) {
    refuse(node, "attribute output_dtype is " + std::to_string(type) + "; expected float32, 1");
  }
}

void check_scale(const Graph& graph, const Node& node) {
  const Shape& in = input_shape(graph, node);
  const Shape& scale = float_shape(graph, node, 1);
  const std::int64_t axis = node.integer("axis", 1), block = node.integer("block_size", 0);
  Shape blocks = in;
  if (block > 0) {
    auto& size = blocks.at(static_cast<std::size_t>(axis));
    if (size >= 0) size = (size + block - 1) / block;
  }
  const bool one = element_count(scale) == 1 && scale.size() <= 1;
  const bool fits = block > 0
                        ? scale == blocks
                        : one || (scale.size() == 1 && static_cast<std::size_t>(axis) < in.size() &&
                                  scale[0] == in[static_cast<std::size_t>(axis)]);
  if (!fits) {
    invalid(node, "its scale is " + to_string(scale) + " for an input of " + to_string(in) +
                      "; expected one number, one an index of axis " + std::to_string(axis) +
                      ", or one a block");
  }
  const bool quantizes = node.op == "QuantizeLinear";
  const DType codes =
      quantizes ? dtype_of_code(node, node.integer("output_dtype", 2)) : input_dtype(graph, node);
  const bool known =
      codes == DType::kInt32 || std::any_of(std::begin(kCodeTypes), std::end(kCodeTypes),
                                            [&](const auto& pair) { return pair.second == codes; });
  if (!known) {
    refuse(node, std::string("its codes are ") + dtype_name(codes) +
                     "; expected an integer type of 2, 4, 8, 16 or 32 bits");
  }
  if (node.input(2) == kNoValue) return;
  const Shape& zero = input_shape(graph, node, 2);
  const bool zero_fits = zero == scale || (one && element_count(zero) == 1);
  if (!zero_fits || input_dtype(graph, node, 2) != codes) {
    invalid(node, "its zero point is " + std::string(dtype_name(input_dtype(graph, node, 2))) +
                      " " + to_string(zero) + "; expected " + dtype_name(codes) + " " +
                      to_string(scale));
  }
}

std::function<std::size_t(std::size_t)> scale_places(const Node& node, const Shape& in,
                                                     const Shape& scale) {
  if (element_count(scale) == 1) return [](std::size_t) { return std::size_t{0}; };
  const auto axis = static_cast<std::size_t>(node.integer("axis", 1));
  const auto inner = static_cast<std::size_t>(floatops::product(in, axis + 1, in.size()));
  const auto size = static_cast<std::size_t>(in[axis]);
  const auto block = static_cast<std::size_t>(node.integer("block_size", 0));
  if (block == 0) return [=](std::size_t i) { return i / inner % size; };
  const std::size_t blocks = (size + block - 1) / block;
  return [=](std::size_t i) {
    const std::size_t outer = i / (inner * size);
    return (outer * blocks + i / inner % size / block) * inner + i % inner;
  };
}

void linear_to_onnx(Node& node, OnnxInputs&) {
  if (node.integer("block_size", 0) == 0) node.attributes.erase("block_size");
  // The zero point says the type, or it is uint8.
  if (node.input(2) != kNoValue || node.integer("output_dtype", 2) == 2) {
    node.attributes.erase("output_dtype");
  }
}

}  // namespace gradus::ops
