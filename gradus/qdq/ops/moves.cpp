// Operators that move codes or choose among them, and so keep their scale; and constants on their way.
#include <algorithm>

#include "gradus/graph/ops/elements.h"
#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::Lifter;

// Constants are needed where scales and weights are read, which is before any other folding.
void lift_constant(Lifter& lifter, const Node& node) {
  const auto found = node.attributes.find("value");
  const Tensor* tensor =
      found == node.attributes.end() ? nullptr : std::get_if<Tensor>(&found->second);
  if (tensor == nullptr) {
    lifter.keep(node);
  } else {
    lifter.set_constant(node, *tensor);
  }
}

// The reals are moved, with what else the node reads; they stay on their grid.
void move(Lifter& lifter, const Node& node) {
  if (!lifter.is_codes(node.input(0))) return lifter.keep(node);
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = lifter.real_of(node, inputs[0]);
  const qdq::Encoding encoding = lifter.codes(node.inputs[0]).encoding;
  if (node.outputs.size() > 1) qdq::refuse(node, "makes several outputs of codes; expected one");
  lifter.set_moved(node, lifter.emit(node, node.op, std::move(inputs), node.attributes), encoding);
}

void lift_identity(Lifter& lifter, const Node& node) {
  if (node.input(0) != kNoValue && lifter.is_constant(node.inputs[0])) {
    return lifter.set_alias(node, node.inputs[0]);
  }
  move(lifter, node);
}

// Constants of 2 and 4 bits as int8 or uint8: the same codes.
void lift_cast(Lifter& lifter, const Node& node) {
  const ValueId in = node.input(0);
  if (in == kNoValue || !lifter.is_constant(in) ||
      !qdq::span_of(lifter.graph().value(in).dtype)) {
    if (lifter.is_codes(in)) qdq::refuse(node, "casts codes; expected DequantizeLinear before it");
    return lifter.keep(node);
  }
  constexpr std::int64_t kUint8 = 2, kInt8 = 3;  // ONNX's TensorProto.DataType
  const std::int64_t to = node.integer("to", 0);
  const qdq::CodeSpan span = lifter.span_of_constant(in);
  if ((to != kInt8 && to != kUint8) || span.high > (to == kInt8 ? 127 : 255) ||
      (to == kUint8 && span.low < 0)) {
    return lifter.keep(node);
  }
  const Tensor& tensor = *lifter.graph().value(in).constant;
  Tensor cast(to == kInt8 ? DType::kInt8 : DType::kUint8, tensor.shape());
  std::copy(tensor.bytes().begin(), tensor.bytes().end(), cast.bytes().begin());
  lifter.set_constant(node, std::move(cast), span);
}

// Zeros of codes are not zeros of reals: only the zero point may be filled in.
void lift_pad(Lifter& lifter, const Node& node) {
  if (!lifter.is_codes(node.input(0))) return lifter.keep(node);
  const ValueId real = lifter.real_of(node, node.inputs[0]);
  const qdq::Encoding encoding = lifter.codes(node.inputs[0]).encoding;
  std::int32_t fill = 0;
  if (node.input(2) != kNoValue) {
    const Tensor& tensor = qdq::constant(lifter.graph(), node, 2, "fill");
    if (tensor.size() != 1 || !qdq::span_of(tensor.dtype())) qdq::invalid(node, "fills in no code");
    fill = qdq::integers(tensor)[0];
  }
  if (node.text("mode", "constant") == "constant" && fill != encoding.zero_point[0]) {
    qdq::refuse(node, "pads codes with " + std::to_string(fill) + "; expected their zero point, " +
                          std::to_string(encoding.zero_point[0]));
  }
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = real;
  if (inputs.size() > 2) inputs[2] = kNoValue;
  lifter.set_moved(node, lifter.emit(node, "Pad", std::move(inputs), node.attributes), encoding);
}

void lift_concat(Lifter& lifter, const Node& node) {
  const auto codes = [&](ValueId id) { return lifter.is_codes(id); };
  if (std::none_of(node.inputs.begin(), node.inputs.end(), codes)) return lifter.keep(node);
  std::vector<ValueId> reals;
  for (ValueId id : node.inputs) {
    if (!codes(id)) qdq::refuse(node, "joins codes with a constant or with reals");
    reals.push_back(lifter.real_of(node, id));
    if (lifter.codes(id).encoding != lifter.codes(node.inputs[0]).encoding) {
      qdq::refuse(node, "joins codes of different scales; expected DequantizeLinear before it");
    }
  }
  const qdq::Encoding encoding = lifter.codes(node.inputs[0]).encoding;
  lifter.set_moved(node, lifter.emit(node, "Concat", std::move(reals), node.attributes), encoding);
}

}  // namespace

QuantizedOpFamily moves_quantized_op() {
  QuantizedOpFamily family = {{"Constant", qdq::Where::kAnywhere, lift_constant},
                              {"Identity", qdq::Where::kAnywhere, lift_identity},
                              {"Cast", qdq::Where::kOnCodes, lift_cast},
                              {"Pad", qdq::Where::kOnCodes, lift_pad},
                              {"Concat", qdq::Where::kOnCodes, lift_concat}};
  for (const char* type : {"MaxPool", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Slice",
                           "Gather", "DepthToSpace", "SpaceToDepth", "Expand", "Tile"}) {
    family.push_back({type, qdq::Where::kOnCodes, move});
  }
  return family;
}

}  // namespace gradus
