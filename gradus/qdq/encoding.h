// How a tensor of an ONNX network is codes: their type, the range they stay in, scale and zero
// point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/graph/tensor.h"
#include "gradus/quant/quantizer.h"

namespace gradus::qdq {

// The codes from low to high, both among them.
struct CodeSpan {
  std::int32_t low = 0;
  std::int32_t high = 255;
  bool operator==(const CodeSpan&) const = default;
};

// real = scale * (code - zero_point), one entry or one a slice along `axis`.
struct Encoding {
  CodeSpan span;   // of the type, or narrower where a Clip cuts the codes
  CodeSpan whole;  // of the type
  std::vector<float> scale;
  std::vector<std::int32_t> zero_point;
  int axis = 0;
  bool operator==(const Encoding&) const = default;
};

// The codes of an integer type of 2, 4 or 8 bits; nothing for any other type.
std::optional<CodeSpan> span_of(DType dtype);

// The quantizer whose grid is exactly `span` and that allows these zero points, with fewest bits;
// nothing if there is none (0 to 200, say). Never the binary grid.
std::optional<QuantizerSpec> spec_of(CodeSpan span, const std::vector<std::int32_t>& zero_point);

// "0 to 255"
std::string span_text(CodeSpan span);

}  // namespace gradus::qdq
