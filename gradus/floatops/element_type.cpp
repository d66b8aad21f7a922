#include "gradus/floatops/element_type.h"

namespace gradus::floatops {

std::optional<ElementType> element_type(std::int64_t onnx_type) {
  using Kind = ElementType::Kind;
  struct Known {
    std::int64_t onnx_type;
    ElementType type;
  };
  static constexpr Known kKnown[] = {
      {1, {Kind::kFloat, 32, true}},    {2, {Kind::kInteger, 8, false}},
      {3, {Kind::kInteger, 8, true}},   {4, {Kind::kInteger, 16, false}},
      {5, {Kind::kInteger, 16, true}},  {6, {Kind::kInteger, 32, true}},
      {7, {Kind::kInteger, 64, true}},  {9, {Kind::kBool, 1, false}},
      {12, {Kind::kInteger, 32, false}}};
  for (const Known& known : kKnown) {
    if (known.onnx_type == onnx_type) return known.type;
  }
  return std::nullopt;
}

float converted(const ElementType& type, float x) {
  if (type.kind == ElementType::Kind::kFloat) return x;
  if (type.kind == ElementType::Kind::kBool) return x != 0.0f ? 1.0f : 0.0f;
  if (!(x >= -0x1p63f && x < 0x1p63f)) return 0.0f;
  const auto whole = static_cast<std::int64_t>(x);
  if (type.bits == 64) return static_cast<float>(whole);
  const std::int64_t range = std::int64_t{1} << type.bits;
  std::int64_t low = whole & (range - 1);
  if (type.is_signed && low >= range / 2) low -= range;
  return static_cast<float>(low);
}

}  // namespace gradus::floatops
