// Convolutions and matrix products on codes: QLinearConv and QLinearMatMul of ai.onnx, QGemm of
// ONNX Runtime (com.microsoft). Each is the float operator between its inputs' reals and its
// output's grid.
#include "gradus/graph/ops/elements.h"
#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::Encoding;
using qdq::Lifter;

// Scales of an int32 bias: the accumulator's unit, in float, one or one an output channel.
std::vector<float> bias_scales(const Node& node, const Encoding& x, const Encoding& w) {
  if (x.scale.size() != 1) {
    qdq::refuse(
        node, "its input has " + std::to_string(x.scale.size()) + " scales; expected one a tensor");
  }
  std::vector<float> scales;
  for (float scale : w.scale) scales.push_back(x.scale[0] * scale);
  return scales;
}

// The standard leaves both types open; ONNX Runtime (1.31) computes the operator with one type
// for both only, so a file that mixes them was not written by a tool that tried it.
void require_one_type(const Node& node, const Encoding& x, const Encoding& y) {
  if (x.whole == y.whole) return;
  qdq::refuse(node, "its input has codes " + qdq::span_text(x.whole) + " and its output " +
                        qdq::span_text(y.whole) + "; expected zero points of one type");
}

void refuse_computed_weights(const Lifter& lifter, const Node& node, std::size_t i) {
  if (node.input(i) != kNoValue && lifter.is_constant(node.inputs[i])) return;
  qdq::refuse(node, "its weights are computed at run time; expected a constant");
}

void lift_conv(Lifter& lifter, const Node& node) {
  if (node.inputs.size() < 8) qdq::invalid(node, "has less than 8 inputs");
  refuse_computed_weights(lifter, node, 3);
  const Encoding x = lifter.encoding_of(node, 0, 1);
  const Encoding w = lifter.encoding_of(node, 3, 4);  // axis 0, the output channels
  const Encoding y = lifter.encoding(node, 6, DType::kUint8);
  require_one_type(node, x, y);
  std::vector<ValueId> inputs = {lifter.real(node, 0, x), lifter.real(node, 3, w)};
  if (node.input(8) != kNoValue) {
    inputs.push_back(lifter.real_bias(node, 8, bias_scales(node, x, w)));
  }
  lifter.set_codes(node, lifter.emit(node, "Conv", std::move(inputs), node.attributes), y);
}

// The codes of constant input `i`, [in, out], as a weight [out, in] with its scales along axis 0.
ValueId turned_weights(Lifter& lifter, const Node& node, std::size_t i, Encoding w) {
  refuse_computed_weights(lifter, node, i);
  const Value& value = lifter.graph().value(node.inputs[i]);
  const Tensor& tensor = *value.constant;
  if (tensor.shape().size() != 2 || !qdq::span_of(tensor.dtype())) {
    qdq::refuse(node, "its weights are " + std::string(dtype_name(tensor.dtype())) + " " +
                          to_string(tensor.shape()) + "; expected a matrix of codes");
  }
  const Shape shape = {tensor.shape()[1], tensor.shape()[0]};
  w.axis = 0;
  w.span = lifter.span_of_constant(node.inputs[i]);
  const std::string name = value.name;
  return lifter.real_constant(node, name, shape,
                              qdq::integers(ops::take(tensor, shape, {1, shape[0]}, 0)), w);
}

void lift_matmul(Lifter& lifter, const Node& node) {
  if (node.inputs.size() < 8) qdq::invalid(node, "has less than 8 inputs");
  const Encoding a = lifter.encoding_of(node, 0, 1);
  const Encoding b = lifter.encoding_of(node, 3, 4);
  const Encoding y = lifter.encoding(node, 6, DType::kUint8);
  require_one_type(node, a, y);
  const ValueId weights = turned_weights(lifter, node, 3, b);
  const ValueId x = lifter.real(node, 0, a);
  lifter.set_codes(node, lifter.emit(node, "Gemm", {x, weights}, {{"transB", std::int64_t{1}}}), y);
}

void lift_gemm(Lifter& lifter, const Node& node) {
  if (node.inputs.size() < 6) qdq::invalid(node, "has less than 6 inputs");
  if (node.integer("transA", 0) != 0 || node.real("alpha", 1.0f) != 1.0f) {
    qdq::refuse(node, "has transA or alpha; expected transA 0 and alpha 1");
  }
  const Encoding a = lifter.encoding_of(node, 0, 1);
  Encoding b = lifter.encoding_of(node, 3, 4);
  refuse_computed_weights(lifter, node, 3);
  const bool turned = node.integer("transB", 0) != 0;  // then scales lie along axis 0 already
  std::vector<ValueId> inputs = {lifter.real(node, 0, a)};
  inputs.push_back(turned ? lifter.real(node, 3, b) : turned_weights(lifter, node, 3, b));
  if (node.input(6) != kNoValue) {
    inputs.push_back(lifter.real_bias(node, 6, bias_scales(node, a, b)));
  }
  const bool to_codes = node.input(7) != kNoValue;
  const ValueId result = lifter.emit(node, "Gemm", std::move(inputs), {{"transB", std::int64_t{1}}},
                                     to_codes ? kNoValue : node.outputs[0]);
  if (to_codes) lifter.set_codes(node, result, lifter.encoding(node, 7, DType::kUint8));
}

}  // namespace

QuantizedOpFamily qlinear_linear_quantized_op() {
  return {{"QLinearConv", qdq::Where::kQuantized, lift_conv},
          {"QLinearMatMul", qdq::Where::kQuantized, lift_matmul},
          {"com.microsoft:QGemm", qdq::Where::kQuantized, lift_gemm}};
}

}  // namespace gradus
