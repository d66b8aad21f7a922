// Integers of 2 and 4 bits as ONNX stores them: two's complement, several in a byte, the first in
// the low bits; the last byte is filled with zeros. (onnx.proto, TensorProto.DataType and
// int32_data.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "gradus/graph/tensor.h"

namespace gradus::onnx {

// Bits of an element of a packed type; 0 for types that take whole bytes.
int packed_bits(DType dtype) noexcept;

// Bytes that `count` elements take in a file.
std::uint64_t stored_bytes(DType dtype, std::int64_t count) noexcept;

// `dtype` is packed and `bytes` are as many as stored_bytes() says.
Tensor unpack(DType dtype, Shape shape, std::span<const std::byte> bytes);
std::string pack(const Tensor& tensor);

}  // namespace gradus::onnx
