// Operators that move codes or choose among them, and so keep their scale; and constants on their
// way.
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
  Node moved = node;
  moved.inputs[0] = lifter.real_of(node, node.inputs[0]);
  const qdq::Encoding encoding = lifter.codes(node.inputs[0]).encoding;
  for (ValueId& output : moved.outputs) {
    if (output == kNoValue) continue;
    Value real;
    real.name = lifter.graph().value(output).name + "." + node.op;
    output = lifter.add_value(std::move(real));
  }
  lifter.keep(moved);
  Node part = node;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    part.outputs = {node.outputs[i]};
    lifter.set_moved(part, moved.outputs[i], encoding);
  }
}

// What is computed of codes alone is no code: a place, a shape. Larger codes are larger reals.
void look(Lifter& lifter, const Node& node) {
  Node kept = node;
  if (lifter.is_codes(node.input(0))) kept.inputs[0] = lifter.real_of(node, node.inputs[0]);
  lifter.keep(std::move(kept));
}

void lift_max_pool(Lifter& lifter, const Node& node) {
  if (node.outputs.size() > 1 && node.outputs[1] != kNoValue) {
    qdq::refuse(node, "makes several outputs of codes; expected one");
  }
  move(lifter, node);
}

void lift_resize(Lifter& lifter, const Node& node) {
  if (!lifter.is_codes(node.input(0))) return lifter.keep(node);
  const std::string mode = node.text("mode", "nearest");
  if (mode != "nearest") {
    qdq::refuse(node, "interpolates codes (mode " + mode +
                          "), whose rounding ONNX leaves open; expected "
                          "nearest, or DequantizeLinear before it");
  }
  if (node.text("coordinate_transformation_mode", "") == "tf_crop_and_resize") {
    qdq::refuse(node, "fills in codes from outside (tf_crop_and_resize); expected another mode");
  }
  move(lifter, node);
}

void lift_identity(Lifter& lifter, const Node& node) {
  if (node.input(0) != kNoValue && lifter.is_constant(node.inputs[0])) {
    return lifter.set_alias(node, node.inputs[0]);
  }
  move(lifter, node);
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
                              {"Pad", qdq::Where::kOnCodes, lift_pad},
                              {"Concat", qdq::Where::kOnCodes, lift_concat}};
  family.push_back({"MaxPool", qdq::Where::kOnCodes, lift_max_pool});
  family.push_back({"Resize", qdq::Where::kOnCodes, lift_resize});
  for (const char* type : {"ArgMax", "ArgMin", "Shape", "Size"}) {
    family.push_back({type, qdq::Where::kOnCodes, look});
  }
  for (const char* type : {"Flatten", "Split", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Gather",
                           "DepthToSpace", "SpaceToDepth", "Expand", "Tile"}) {
    family.push_back({type, qdq::Where::kOnCodes, move});
  }
  return family;
}

}  // namespace gradus
