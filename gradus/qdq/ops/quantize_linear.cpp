// QuantizeLinear and DequantizeLinear of ai.onnx, opset 10 to 25, and those of com.microsoft, which
// ONNX Runtime writes where ai.onnx of the file's opset lacks a type, 4 bits before opset 21: the
// same operators.
#include <cmath>

#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::Encoding;
using qdq::Lifter;

void refuse_blocks(const Node& node) {
  if (node.integer("block_size", 0) != 0) {
    qdq::refuse(node, "has one scale a block of " + std::to_string(node.integer("block_size", 0)) +
                          "; expected one a tensor or a channel");
  }
}

// Of opset 23: the type in which the division is done.
void refuse_other_precision(const Node& node) {
  constexpr std::int64_t kLeftOut = 0, kFloat = 1;
  const std::int64_t precision = node.integer("precision", kLeftOut);
  if (precision != kLeftOut && precision != kFloat) {
    qdq::refuse(node, "precision is type " + std::to_string(precision) + "; expected float32, 1");
  }
}

// The axis along which the scales lie, for a tensor of `rank`.
int axis_of(const Node& node, std::size_t rank) {
  const std::int64_t axis = node.integer("axis", 1);
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) {
    qdq::invalid(
        node, "axis is " + std::to_string(axis) + " of a tensor of rank " + std::to_string(rank));
  }
  return static_cast<int>(axis < 0 ? axis + size : axis);
}

DType output_dtype(const Node& node) {
  const std::int64_t number = node.integer("output_dtype", 0);
  const auto type = number == 0 ? std::optional(DType::kUint8) : qdq::code_type(number);
  if (!type) {
    qdq::refuse(node, "output_dtype is " + std::to_string(number) +
                          "; expected int8, uint8, int4, uint4, int2 or uint2");
  }
  return *type;
}

DType dtype_for(const Encoding& encoding) {
  for (const DType type :
       {DType::kInt8, DType::kInt4, DType::kUint4, DType::kInt2, DType::kUint2}) {
    if (qdq::span_of(type) == encoding.whole) return type;
  }
  return DType::kUint8;
}

// Weights that are rounded in the file itself: their codes are computed now.
Tensor quantized(const Node& node, const Tensor& reals, const Encoding& encoding) {
  const Shape& shape = reals.shape();
  const auto slices = static_cast<std::int64_t>(encoding.scale.size());
  const auto axis = static_cast<std::size_t>(encoding.axis);
  if (slices > 1 && shape[axis] != slices) {
    qdq::invalid(node, "has " + std::to_string(slices) + " scales for " + to_string(shape));
  }
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; slices > 1 && i < shape.size(); ++i) inner *= shape[i];
  Tensor codes(dtype_for(encoding), shape);
  const Grid grid{encoding.whole.low, encoding.whole.high, false};
  const auto values = reals.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) qdq::invalid(node, "rounds NaN; expected numbers");
    const auto q =
        slices == 1 ? 0 : static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % slices);
    const std::int32_t code = quantize(values[i], encoding.scale[q], encoding.zero_point[q], grid);
    codes.bytes()[i] = static_cast<std::byte>(code);
  }
  return codes;
}

void lift_quantize(Lifter& lifter, const Node& node) {
  refuse_blocks(node);
  refuse_other_precision(node);
  if (node.input(0) == kNoValue) qdq::invalid(node, "has no input");
  if (lifter.is_codes(node.inputs[0])) qdq::refuse(node, "rounds codes; expected reals");
  Encoding encoding = lifter.encoding(node, 1, output_dtype(node));
  const Value& in = lifter.graph().value(node.inputs[0]);
  if (!in.constant) {
    lifter.set_codes(node, node.inputs[0], encoding);
    return;
  }
  if (in.constant->dtype() != DType::kFloat32) {
    qdq::refuse(node,
                std::string("rounds ") + dtype_name(in.constant->dtype()) + "; expected float32");
  }
  if (encoding.scale.size() > 1) encoding.axis = axis_of(node, in.constant->shape().size());
  lifter.set_constant(node, quantized(node, *in.constant, encoding));
}

void lift_dequantize(Lifter& lifter, const Node& node) {
  refuse_blocks(node);
  if (node.input(0) == kNoValue) qdq::invalid(node, "has no input");
  const Value& in = lifter.graph().value(node.inputs[0]);
  if (in.constant && in.constant->dtype() == DType::kInt32) {
    if (node.input(2) != kNoValue) {
      const Tensor& zero = qdq::constant(lifter.graph(), node, 2, "zero point");
      for (std::byte byte : zero.bytes()) {
        if (byte != std::byte{0}) qdq::refuse(node, "int32 has a zero point; expected 0");
      }
    }
    lifter.set_alias(node, lifter.real_bias(node, 0, qdq::scales(lifter.graph(), node, 1)));
    return;
  }
  Encoding encoding = lifter.encoding_of(node, 0, 1);
  if (in.constant && encoding.scale.size() > 1) {
    encoding.axis = axis_of(node, in.constant->shape().size());
  }
  lifter.set_alias(node, lifter.real(node, 0, encoding));
}

}  // namespace

QuantizedOpFamily quantize_linear_quantized_op() {
  return {{"QuantizeLinear", qdq::Where::kQuantized, lift_quantize},
          {"DequantizeLinear", qdq::Where::kQuantized, lift_dequantize},
          {"com.microsoft:QuantizeLinear", qdq::Where::kQuantized, lift_quantize},
          {"com.microsoft:DequantizeLinear", qdq::Where::kQuantized, lift_dequantize}};
}

}  // namespace gradus
