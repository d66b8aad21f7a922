#include "gradus/graph/tensor.h"

#include <utility>

namespace gradus {

std::size_t dtype_bytes(DType dtype) noexcept {
  switch (dtype) {
    case DType::kFloat64:
    case DType::kInt64:
    case DType::kUint64:
      return 8;
    case DType::kFloat32:
    case DType::kInt32:
    case DType::kUint32:
      return 4;
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kInt16:
    case DType::kUint16:
      return 2;
    default:
      return 1;
  }
}

const char* dtype_name(DType dtype) noexcept {
  static constexpr const char* kNames[] = {"float32", "float64", "float16", "bfloat16", "int8",
                                           "int16",   "int32",   "int64",   "uint8",    "uint16",
                                           "uint32",  "uint64",  "bool",    "int4",     "uint4",
                                           "int2",    "uint2"};
  return kNames[static_cast<std::size_t>(dtype)];
}

DType dtype_in_memory(DType dtype) noexcept {
  switch (dtype) {
    case DType::kInt4:
    case DType::kInt2:
      return DType::kInt8;
    case DType::kUint4:
    case DType::kUint2:
      return DType::kUint8;
    default:
      return dtype;
  }
}

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  const auto count = element_count(shape_);
  check(count.has_value(), "tensor with an unknown shape");
  bytes_.resize(static_cast<std::size_t>(*count) * dtype_bytes(dtype_));
}

std::int64_t Tensor::size() const noexcept {
  return static_cast<std::int64_t>(bytes_.size() / dtype_bytes(dtype_));
}

void Tensor::reshape(Shape shape) {
  check(element_count(shape) == size(), "reshape to another number of elements");
  shape_ = std::move(shape);
}

}  // namespace gradus
