// QONNX's Quant (IntQuant) and BipolarQuant, as Brevitas and FINN write them: a float in, the same
// float rounded onto a grid out. (qonnx, docs/qonnx-custom-ops; Pappalardo et al.,
// arXiv:2206.07527.)
#include <cctype>
#include <cmath>

#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::CodeSpan;
using qdq::Encoding;
using qdq::Lifter;

// Scales or zero points: one, or one an index of a single axis of a tensor of rank `rank`, aligned
// at the right as numpy broadcasts. Sets `axis`.
std::vector<float> spread(const Lifter& lifter, const Node& node, std::size_t i, const char* what,
                          std::size_t rank, int* axis) {
  const Tensor& tensor = qdq::constant(lifter.graph(), node, i, what);
  if (tensor.dtype() != DType::kFloat32) qdq::refuse(node, std::string(what) + " is not float32");
  const Shape& shape = tensor.shape();
  int found = -1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    if (found >= 0 || shape.size() > rank) {
      qdq::refuse(
          node, std::string(what) + " is " + to_string(shape) + "; expected one, or one a channel");
    }
    found = static_cast<int>(d + rank - shape.size());
  }
  if (found >= 0) *axis = found;
  const auto values = tensor.as<float>();
  return {values.begin(), values.end()};
}

void check_scales(const Node& node, const std::vector<float>& scales) {
  if (scales.empty()) qdq::invalid(node, "its scale is empty");
  for (float scale : scales) {
    if (!std::isfinite(scale) || !(scale > 0.0f)) {
      qdq::invalid(node, "has a scale of " + std::to_string(scale) + "; expected one above 0");
    }
  }
}

void check_rounding(const Node& node) {
  std::string mode = node.text("rounding_mode", "ROUND");
  for (char& c : mode) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (mode == "ROUND" || mode == "HALF_EVEN") return;
  qdq::refuse(node, "rounding_mode is " + mode + "; expected ROUND, to nearest, ties to even");
}

int bits_of(const Lifter& lifter, const Node& node, bool is_signed) {
  const Tensor& tensor = qdq::constant(lifter.graph(), node, 3, "bit width");
  if (tensor.dtype() != DType::kFloat32 || tensor.size() != 1) {
    qdq::refuse(node, "its bit width is " + to_string(tensor.shape()) + "; expected one float");
  }
  const float bits = tensor.as<float>()[0];
  if (!(bits >= (is_signed ? 2.0f : 1.0f) && bits <= 32.0f) || bits != std::rint(bits)) {
    qdq::refuse(node, "its bit width is " + std::to_string(bits) +
                          "; expected a whole number up to 8, 2 or more where signed");
  }
  return static_cast<int>(bits);
}

// QONNX adds the zero point before it rounds.
std::vector<std::int32_t> rounded(const Node& node, const Tensor& reals, const Encoding& encoding,
                                  double low, double high) {
  const Shape& shape = reals.shape();
  const auto slices = static_cast<std::int64_t>(encoding.scale.size());
  const auto axis = static_cast<std::size_t>(encoding.axis);
  if (slices > 1 && shape[axis] != slices) {
    qdq::invalid(node, "has " + std::to_string(slices) + " scales for " + to_string(shape));
  }
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; slices > 1 && i < shape.size(); ++i) inner *= shape[i];
  std::vector<std::int32_t> codes;
  for (float x : reals.as<float>()) {
    if (std::isnan(x)) qdq::invalid(node, "rounds NaN; expected numbers");
    const auto i = static_cast<std::int64_t>(codes.size());
    const auto q = slices == 1 ? 0 : static_cast<std::size_t>(i / inner % slices);
    const float moved = x / encoding.scale[q] + static_cast<float>(encoding.zero_point[q]);
    codes.push_back(static_cast<std::int32_t>(
        std::nearbyint(std::min(std::max(static_cast<double>(moved), low), high))));
  }
  return codes;
}

Encoding encoding_of(const Lifter& lifter, const Node& node, std::size_t rank) {
  Encoding encoding;
  encoding.scale = spread(lifter, node, 1, "scale", rank, &encoding.axis);
  check_scales(node, encoding.scale);
  const std::vector<float> zero = spread(lifter, node, 2, "zero point", rank, &encoding.axis);
  if (zero.size() != 1 && zero.size() != encoding.scale.size()) {
    qdq::refuse(node, "has " + std::to_string(zero.size()) + " zero points and " +
                          std::to_string(encoding.scale.size()) + " scales; expected as many");
  }
  for (std::size_t i = 0; i < encoding.scale.size(); ++i) {
    const float point = zero[zero.size() == 1 ? 0 : i];
    if (!(std::fabs(point) <= 255.0f) || point != std::rint(point)) {
      qdq::refuse(node, "its zero point is " + std::to_string(point) + "; expected a code");
    }
    encoding.zero_point.push_back(static_cast<std::int32_t>(point));
  }
  return encoding;
}

// A constant of more than 8 bits is a bias.
void lift_wide_constant(Lifter& lifter, const Node& node, const Tensor& reals,
                        const Encoding& encoding, int bits) {
  const bool plain = reals.shape().size() == 1 &&
                     encoding.zero_point == std::vector<std::int32_t>(encoding.scale.size());
  if (!plain) {
    qdq::refuse(node, "rounds a constant of " + to_string(reals.shape()) + " to " +
                          std::to_string(bits) + " bits; expected at most 8");
  }
  const double high = std::ldexp(1.0, bits - 1) - 1.0;
  const std::vector<std::int32_t> codes = rounded(node, reals, encoding, -high - 1.0, high);
  lifter.set_integers(node, codes, encoding.scale);
}

void lift_quant(Lifter& lifter, const Node& node) {
  if (node.input(0) == kNoValue) qdq::invalid(node, "has no input");
  if (lifter.is_codes(node.inputs[0])) qdq::refuse(node, "rounds codes; expected reals");
  check_rounding(node);
  const bool is_signed = node.integer("signed", 1) != 0;
  const bool narrow = node.integer("narrow", 0) != 0;
  const int bits = bits_of(lifter, node, is_signed);
  const Value& in = lifter.graph().value(node.inputs[0]);
  const Tensor* reals = in.constant ? &*in.constant : nullptr;
  if (reals != nullptr && reals->dtype() != DType::kFloat32) {
    qdq::refuse(node, std::string("rounds ") + dtype_name(reals->dtype()) + "; expected float32");
  }
  Encoding encoding = encoding_of(lifter, node, reals != nullptr ? reals->shape().size() : 0);
  if (bits > 8) {
    if (reals != nullptr && is_signed)
      return lift_wide_constant(lifter, node, *reals, encoding, bits);
    qdq::refuse(node, "has " + std::to_string(bits) + " bits; expected at most 8");
  }
  const std::int32_t half = 1 << (bits - 1);
  // Unsigned narrow codes end one below the largest, signed ones begin one above the least.
  encoding.whole = is_signed ? CodeSpan{-half, half - 1} : CodeSpan{0, 2 * half - 1};
  encoding.span =
      is_signed ? CodeSpan{-half + narrow, half - 1} : CodeSpan{0, 2 * half - 1 - narrow};
  if (reals == nullptr) return lifter.set_rounded(node, node.inputs[0], encoding);
  const auto codes = rounded(node, *reals, encoding, encoding.span.low, encoding.span.high);
  const Shape shape = reals->shape();
  lifter.set_alias(node, lifter.real_constant(node, in.name, shape, codes, encoding));
}

void lift_bipolar(Lifter& lifter, const Node& node) {
  if (node.input(0) == kNoValue) qdq::invalid(node, "has no input");
  if (lifter.is_codes(node.inputs[0])) qdq::refuse(node, "rounds codes; expected reals");
  const Value& in = lifter.graph().value(node.inputs[0]);
  const Tensor* reals = in.constant ? &*in.constant : nullptr;
  Encoding encoding;
  encoding.scale = spread(lifter, node, 1, "scale", reals != nullptr ? reals->shape().size() : 0,
                          &encoding.axis);
  check_scales(node, encoding.scale);
  encoding.zero_point.assign(encoding.scale.size(), 0);
  encoding.whole = encoding.span = {-1, 1};
  if (reals == nullptr) return lifter.set_bipolar(node, node.inputs[0], encoding);
  if (reals->dtype() != DType::kFloat32) qdq::refuse(node, "rounds no float32");
  std::vector<std::int32_t> codes;
  for (float x : reals->as<float>()) {
    if (std::isnan(x)) qdq::invalid(node, "rounds NaN; expected numbers");
    codes.push_back(x >= 0.0f ? 1 : -1);
  }
  const Shape shape = reals->shape();
  lifter.set_alias(node, lifter.real_constant(node, in.name, shape, codes, encoding));
}

}  // namespace

QuantizedOpFamily qonnx_quantized_op() {
  QuantizedOpFamily family;
  for (const std::string domain :
       {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"}) {
    family.push_back({domain + ":Quant", qdq::Where::kQuantized, lift_quant});
    family.push_back({domain + ":IntQuant", qdq::Where::kQuantized, lift_quant});
    family.push_back({domain + ":BipolarQuant", qdq::Where::kQuantized, lift_bipolar});
  }
  return family;
}

}  // namespace gradus
