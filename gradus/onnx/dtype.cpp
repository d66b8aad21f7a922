#include "gradus/onnx/proto.h"

namespace gradus::onnx {

std::optional<DType> dtype_from_proto(std::int64_t number) {
  switch (number) {
    case 1:
      return DType::kFloat32;
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 4:
      return DType::kUint16;
    case 5:
      return DType::kInt16;
    case 6:
      return DType::kInt32;
    case 7:
      return DType::kInt64;
    case 9:
      return DType::kBool;
    case 10:
      return DType::kFloat16;
    case 11:
      return DType::kFloat64;
    case 12:
      return DType::kUint32;
    case 13:
      return DType::kUint64;
    case 16:
      return DType::kBFloat16;
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

int dtype_to_proto(DType dtype) noexcept {
  constexpr int kNumbers[] = {1, 11, 10, 16, 3, 5, 6, 7, 2, 4, 12, 13, 9, 22, 21, 26, 25};
  return kNumbers[static_cast<int>(dtype)];
}

}  // namespace gradus::onnx
