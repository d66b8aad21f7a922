#include "gradus/onnx/packed.h"

#include <utility>

#include "gradus/base/check.h"

namespace gradus::onnx {

int packed_bits(DType dtype) noexcept {
  switch (dtype) {
    case DType::kInt4:
    case DType::kUint4:
      return 4;
    case DType::kInt2:
    case DType::kUint2:
      return 2;
    default:
      return 0;
  }
}

std::uint64_t stored_bytes(DType dtype, std::int64_t count) noexcept {
  const auto elements = static_cast<std::uint64_t>(count);
  const auto bits = static_cast<std::uint64_t>(packed_bits(dtype));
  if (bits == 0) return elements * dtype_bytes(dtype);
  const std::uint64_t in_a_byte = 8 / bits;
  return elements / in_a_byte + (elements % in_a_byte != 0 ? 1 : 0);
}

Tensor unpack(DType dtype, Shape shape, std::span<const std::byte> bytes) {
  Tensor tensor(dtype, std::move(shape));
  check(bytes.size() == stored_bytes(dtype, tensor.size()), "packed bytes do not match the shape");
  const unsigned bits = static_cast<unsigned>(packed_bits(dtype));
  const bool is_signed = dtype_in_memory(dtype) == DType::kInt8;
  const std::span<std::byte> out = tensor.bytes();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t bit = i * bits;
    unsigned value = std::to_integer<unsigned>(bytes[bit / 8]) >> (bit % 8) & ((1u << bits) - 1u);
    if (is_signed && value >> (bits - 1) != 0) value |= 0xffu << bits & 0xffu;  // sign extension
    out[i] = static_cast<std::byte>(value);
  }
  return tensor;
}

std::string pack(const Tensor& tensor) {
  const unsigned bits = static_cast<unsigned>(packed_bits(tensor.dtype()));
  check(bits != 0, "packing a type of whole bytes");
  std::string bytes(stored_bytes(tensor.dtype(), tensor.size()), '\0');
  for (std::size_t i = 0; i < tensor.bytes().size(); ++i) {
    const std::size_t bit = i * bits;
    const unsigned value = std::to_integer<unsigned>(tensor.bytes()[i]) & ((1u << bits) - 1u);
    bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) |
                                       static_cast<unsigned char>(value << (bit % 8)));
  }
  return bytes;
}

}  // namespace gradus::onnx
