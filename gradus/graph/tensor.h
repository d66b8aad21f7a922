// A constant tensor: type, shape and bytes in host order, row-major. Integers of 2 and 4 bits take
// a byte each, as an int8 or uint8.
//
// Copies share their bytes until one of them is written to, so that a copy of a network costs
// nothing for its weights. A tensor that holds one number throughout (filled) has no bytes until
// someone reads them: a file of 100 bytes can ask for a gigabyte of zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "gradus/base/check.h"
#include "gradus/base/shape.h"

namespace gradus {

enum class DType {
  kFloat32,
  kFloat64,
  kFloat16,
  kBFloat16,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kBool,
  kInt4,
  kUint4,
  kInt2,
  kUint2,
};
std::size_t dtype_bytes(DType dtype) noexcept;
const char* dtype_name(DType dtype) noexcept;  // "float32"
// The type that an element has in memory: int8 and uint8 for fewer bits, else the type itself.
DType dtype_in_memory(DType dtype) noexcept;

template <typename T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return DType::kFloat32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::kFloat64;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return DType::kInt8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return DType::kInt16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::kInt32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return DType::kInt64;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::kUint8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return DType::kUint16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return DType::kUint32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return DType::kUint64;
  else
    return DType::kBool;
}

class Tensor {
 public:
  Tensor() = default;
  // Zeros. Throws LogicError if the shape is not fully known.
  Tensor(DType dtype, Shape shape);
  // `element` everywhere: the one element of another tensor. Throws LogicError if that has several.
  static Tensor filled(const Tensor& element, Shape shape);

  template <typename T>
  static Tensor from(Shape shape, std::span<const T> values) {
    Tensor tensor(dtype_of<T>(), std::move(shape));
    check(tensor.byte_count() == values.size_bytes(), "tensor values do not match its shape");
    if (!values.empty()) std::memcpy(tensor.bytes().data(), values.data(), values.size_bytes());
    return tensor;
  }

  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  std::int64_t size() const noexcept;  // elements
  std::size_t byte_count() const noexcept;
  // Read and written. What is read stays where it is for as long as this tensor lives and is not
  // written to; several threads may read, also one that is filled.
  std::span<const std::byte> bytes() const;
  std::span<std::byte> bytes();
  void reshape(Shape shape);  // same number of elements

  // Whether it was made by filled(), of more than one element, and not been written to since.
  bool is_filled() const noexcept;
  // Its one element, of shape {}, where is_filled(): what all of them are.
  Tensor element() const;
  // How many bytes bytes() would have to make first: of a filled tensor that nobody has read yet.
  std::size_t bytes_unmade() const noexcept;

  // Throws LogicError if T is not the tensor's type in memory.
  template <typename T>
  std::span<const T> as() const {
    check(dtype_in_memory(dtype_) == dtype_of<T>(), "tensor read as another type");
    const auto all = bytes();
    return {reinterpret_cast<const T*>(all.data()), all.size() / sizeof(T)};
  }
  template <typename T>
  std::span<T> as() {
    check(dtype_in_memory(dtype_) == dtype_of<T>(), "tensor read as another type");
    const auto all = bytes();
    return {reinterpret_cast<T*>(all.data()), all.size() / sizeof(T)};
  }

 private:
  struct Storage;

  DType dtype_ = DType::kFloat32;
  Shape shape_{0};
  std::shared_ptr<Storage> storage_;  // null: no elements
};

}  // namespace gradus
