// What the operators of quantized ONNX networks share: codes of any integer type, their limits,
// and where the scale of an element stands.
#pragma once

#include <cstdint>
#include <functional>

#include "gradus/graph/ops/evaluation.h"

namespace gradus::ops {

// The elements of an integer tensor as int64; zeros for a tensor that is left out.
class Codes {
 public:
  explicit Codes(const Tensor* tensor) : tensor_(tensor) {}
  std::int64_t operator[](std::size_t i) const;

 private:
  const Tensor* tensor_;
};

// Writes one code, which the tensor's type can hold.
void store(Tensor& tensor, std::size_t i, std::int64_t code);

struct CodeLimits {
  std::int64_t low, high;
};
// Of an integer type of at most 32 bits.
CodeLimits limits_of(DType dtype);

// round_half_even(real) + zero_point, saturated; NaN is the zero point.
std::int64_t saturated(float real, std::int64_t zero_point, CodeLimits limits);

// The ONNX number of the type that a QuantizeLinear makes: of its zero point, of attribute
// output_dtype, or uint8. Throws Error (kUnsupported) for float8 and float4.
std::int64_t code_type(const NormalizeContext& context, const Node& node);
DType dtype_of_code(const Node& node, std::int64_t number);

// Throws Error (kUnsupported) where scales are asked to be, or computed in, other than float32.
void require_scale_type(const Node& node);
// Holds scale and zero point of a node in normal form against its input: one number, one an index
// of `axis`, or one a block of `block_size` along it. Throws Error naming the node.
void check_scale(const Graph& graph, const Node& node);

// Which element of the scale belongs to element i of an input of `in`.
std::function<std::size_t(std::size_t)> scale_places(const Node& node, const Shape& in,
                                                     const Shape& scale);

// What ONNX of opset 13 does not know is left out where it says nothing.
void linear_to_onnx(Node& node, OnnxInputs& inputs);

}  // namespace gradus::ops
