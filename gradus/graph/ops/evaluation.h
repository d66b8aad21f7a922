// Computing nodes on tensors: through floatops, or with a loop for each element type.
#pragma once

#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gradus/floatops/float_op.h"
#include "gradus/graph/op.h"
#include "gradus/graph/ops/support.h"

namespace gradus::ops {

// The attributes of a node in normal form for floatops; tensors and lists of text are left out.
floatops::Attributes float_attributes(const Node& node);

// GraphOp::evaluate for the operators of floatops: those that compute take float32 alone, those
// that move take any type.
std::vector<Tensor> evaluate_floatop(const Node& node, std::span<const Tensor* const> inputs,
                                     std::span<const TensorType> types);

// Zeros of `types`, one for each output.
std::vector<Tensor> make_outputs(std::span<const TensorType> types);

// Calls function(T{}) with the type of `dtype`'s elements; bool as unsigned char, 2 and 4 bits
// as 8. Throws Error (kUnsupported), naming the node, for float16 and bfloat16.
template <typename Function>
void with_type(const Node& node, DType dtype, const Function& function) {
  switch (dtype_in_memory(dtype)) {
    case DType::kFloat32:
      return function(float{});
    case DType::kFloat64:
      return function(double{});
    case DType::kInt8:
      return function(std::int8_t{});
    case DType::kInt16:
      return function(std::int16_t{});
    case DType::kInt32:
      return function(std::int32_t{});
    case DType::kInt64:
      return function(std::int64_t{});
    case DType::kUint8:
    case DType::kBool:
      return function(std::uint8_t{});
    case DType::kUint16:
      return function(std::uint16_t{});
    case DType::kUint32:
      return function(std::uint32_t{});
    case DType::kUint64:
      return function(std::uint64_t{});
    default:
      refuse(node, std::string("computes with ") + dtype_name(dtype) +
                       "; expected float32, integers or bool");
  }
}

// The elements as what with_type calls them, whatever the tensor's type is named.
template <typename T>
std::span<const T> cells(const Tensor& tensor) {
  check(dtype_bytes(tensor.dtype()) == sizeof(T), "elements read in another width");
  return {reinterpret_cast<const T*>(tensor.bytes().data()), tensor.bytes().size() / sizeof(T)};
}
template <typename T>
std::span<T> cells(Tensor& tensor) {
  check(dtype_bytes(tensor.dtype()) == sizeof(T), "elements read in another width");
  return {reinterpret_cast<T*>(tensor.bytes().data()), tensor.bytes().size() / sizeof(T)};
}

}  // namespace gradus::ops
