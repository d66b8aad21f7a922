// The types that a float can stand for: a number of the type, held exactly.
#pragma once

#include <cstdint>
#include <optional>

namespace gradus::floatops {

struct ElementType {
  enum class Kind { kFloat, kBool, kInteger } kind = Kind::kFloat;
  int bits = 32;
  bool is_signed = true;
};

// By ONNX's TensorProto.DataType: float32, bool, int8 to int64, uint8 to uint32. Nothing for any
// other.
std::optional<ElementType> element_type(std::int64_t onnx_type);

// The number that x becomes. A bool is 1 unless x is 0. An integer is x without its fraction, of
// which the type keeps the low bits, as two's complement; where x is NaN or needs more than 64
// bits, which ONNX leaves open, it is 0.
float converted(const ElementType& type, float x);

}  // namespace gradus::floatops
