// Clip of codes, between QuantizeLinear and DequantizeLinear: fewer bits than the type has (QCDQ).
#include <algorithm>

#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::CodeSpan;
using qdq::Lifter;

std::int32_t bound(const Lifter& lifter, const Node& node, std::size_t i, std::int32_t otherwise) {
  if (node.input(i) == kNoValue) return otherwise;
  const Tensor& tensor = qdq::constant(lifter.graph(), node, i, "bound");
  if (tensor.size() != 1 || !qdq::span_of(tensor.dtype())) {
    qdq::invalid(node, "clips codes to a bound that is " + std::string(dtype_name(tensor.dtype())) +
                           " " + to_string(tensor.shape()) + "; expected one code");
  }
  return qdq::integers(tensor)[0];
}

CodeSpan cut(const Lifter& lifter, const Node& node, CodeSpan span) {
  const CodeSpan bounds{bound(lifter, node, 1, span.low), bound(lifter, node, 2, span.high)};
  const CodeSpan result{std::max(span.low, bounds.low), std::min(span.high, bounds.high)};
  if (result.low >= result.high || bounds.low > bounds.high) {
    qdq::refuse(node, "clips codes of " + qdq::span_text(span) + " to " + qdq::span_text(bounds) +
                          "; expected more than one code to be left");
  }
  return result;
}

void lift_constant(Lifter& lifter, const Node& node, const Tensor& tensor) {
  const CodeSpan span = cut(lifter, node, lifter.span_of_constant(node.inputs[0]));
  Tensor clipped = tensor;
  const std::vector<std::int32_t> codes = qdq::integers(tensor);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    clipped.bytes()[i] = static_cast<std::byte>(std::clamp(codes[i], span.low, span.high));
  }
  lifter.set_constant(node, std::move(clipped), span);
}

void lift_clip(Lifter& lifter, const Node& node) {
  const ValueId in = node.inputs[0];
  if (!lifter.is_codes(in)) {
    const Value& value = lifter.graph().value(in);
    if (value.constant && qdq::span_of(value.dtype)) {
      return lift_constant(lifter, node, *value.constant);
    }
    lifter.keep(node);
    return;
  }
  qdq::Codes codes = lifter.codes(in);
  codes.encoding.span = cut(lifter, node, codes.encoding.span);
  if (!codes.on_grid) {
    if (codes.encoding.scale.empty()) {
      qdq::refuse(node, "clips an input's codes, whose scale nothing gives");
    }
    lifter.set_codes(node, codes.source, codes.encoding);
    return;
  }
  // Codes that were rounded before: the clip rounds them once more, onto what is left of the grid.
  lifter.set_codes(node, codes.source, codes.encoding);
}

}  // namespace

QuantizedOpFamily clip_quantized_op() { return {{"Clip", qdq::Where::kOnCodes, lift_clip}}; }

}  // namespace gradus
