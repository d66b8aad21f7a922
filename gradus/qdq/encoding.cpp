#include "gradus/qdq/encoding.h"

#include <algorithm>

namespace gradus::qdq {

std::optional<CodeSpan> span_of(DType dtype) {
  switch (dtype) {
    case DType::kInt8:
      return CodeSpan{-128, 127};
    case DType::kUint8:
      return CodeSpan{0, 255};
    case DType::kInt4:
      return CodeSpan{-8, 7};
    case DType::kUint4:
      return CodeSpan{0, 15};
    case DType::kInt2:
      return CodeSpan{-2, 1};
    case DType::kUint2:
      return CodeSpan{0, 3};
    default:
      return std::nullopt;
  }
}

std::optional<QuantizerSpec> spec_of(CodeSpan span, const std::vector<std::int32_t>& zero_point) {
  QuantizerSpec spec;
  spec.symmetric = std::all_of(zero_point.begin(), zero_point.end(),
                               [](std::int32_t zero) { return zero == 0; });
  const bool on_grid = std::all_of(zero_point.begin(), zero_point.end(), [&](std::int32_t zero) {
    return zero >= span.low && zero <= span.high;
  });
  if (!on_grid) return std::nullopt;
  for (spec.bits = 1; spec.bits <= 8; ++spec.bits) {
    for (const auto& [is_signed, narrow] : {std::pair{false, false}, {true, false}, {true, true}}) {
      spec.is_signed = is_signed;
      spec.narrow_range = narrow;
      const Grid grid = spec.grid();
      if (!grid.binary && grid.quant_min == span.low && grid.quant_max == span.high) return spec;
    }
  }
  return std::nullopt;
}

std::string span_text(CodeSpan span) {
  return std::to_string(span.low) + " to " + std::to_string(span.high);
}

}  // namespace gradus::qdq
