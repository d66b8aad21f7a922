// Elementwise operators on codes, of ONNX Runtime (com.microsoft), and its concatenation. Each is
// the float operator between its inputs' reals and its output's grid.
#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::Lifter;

void lift_two(Lifter& lifter, const Node& node, const char* op) {
  if (node.inputs.size() < 7) qdq::invalid(node, "has less than 7 inputs");
  const ValueId a = lifter.real(node, 0);
  const ValueId b = lifter.real(node, 3);
  lifter.set_codes(node, lifter.emit(node, op, {a, b}, {}),
                   lifter.encoding(node, 6, DType::kUint8));
}

void lift_add(Lifter& lifter, const Node& node) { lift_two(lifter, node, "Add"); }
void lift_mul(Lifter& lifter, const Node& node) { lift_two(lifter, node, "Mul"); }

void lift_one(Lifter& lifter, const Node& node, const char* op,
              std::map<std::string, Attribute> attributes) {
  if (node.inputs.size() < 4) qdq::invalid(node, "has less than 4 inputs");
  const ValueId x = lifter.real(node, 0);
  lifter.set_codes(node, lifter.emit(node, op, {x}, std::move(attributes)),
                   lifter.encoding(node, 3, DType::kUint8));
}

void lift_sigmoid(Lifter& lifter, const Node& node) { lift_one(lifter, node, "Sigmoid", {}); }
void lift_leaky_relu(Lifter& lifter, const Node& node) {
  lift_one(lifter, node, "LeakyRelu", {{"alpha", node.real("alpha", 0.01f)}});
}

void lift_softmax(Lifter& lifter, const Node& node) {
  constexpr std::int64_t kAxisAlone = 13;  // before, Softmax flattened what follows the axis
  if (node.integer("opset", 0) < kAxisAlone) {
    qdq::refuse(node, "computes Softmax of opset " + std::to_string(node.integer("opset", 0)) +
                          "; expected opset 13 or later");
  }
  lift_one(lifter, node, "Softmax", {{"axis", node.integer("axis", -1)}});
}

// Inputs: the condition, then two tensors and the output's scale and zero point.
void lift_where(Lifter& lifter, const Node& node) {
  if (node.inputs.size() < 9) qdq::invalid(node, "has less than 9 inputs");
  const ValueId a = lifter.real(node, 1);
  const ValueId b = lifter.real(node, 4);
  const ValueId chosen = lifter.emit(node, "Where", {node.inputs[0], a, b}, {});
  lifter.set_codes(node, chosen, lifter.encoding(node, 7, DType::kUint8));
}

// Inputs: the output's scale and zero point, then each tensor with its own.
void lift_concat(Lifter& lifter, const Node& node) {
  if (node.inputs.size() < 5 || node.inputs.size() % 3 != 2) {
    qdq::invalid(node, "has " + std::to_string(node.inputs.size()) +
                           " inputs; expected a scale and a zero point, then three a tensor");
  }
  std::vector<ValueId> reals;
  for (std::size_t i = 2; i < node.inputs.size(); i += 3) reals.push_back(lifter.real(node, i));
  const ValueId joined = lifter.emit(node, "Concat", std::move(reals), node.attributes);
  lifter.set_codes(node, joined, lifter.encoding(node, 0, DType::kUint8));
}

}  // namespace

QuantizedOpFamily qlinear_arithmetic_quantized_op() {
  return {{"com.microsoft:QLinearAdd", qdq::Where::kQuantized, lift_add},
          {"com.microsoft:QLinearMul", qdq::Where::kQuantized, lift_mul},
          {"com.microsoft:QLinearSigmoid", qdq::Where::kQuantized, lift_sigmoid},
          {"com.microsoft:QLinearLeakyRelu", qdq::Where::kQuantized, lift_leaky_relu},
          {"com.microsoft:QLinearSoftmax", qdq::Where::kQuantized, lift_softmax},
          {"com.microsoft:QLinearWhere", qdq::Where::kQuantized, lift_where},
          {"com.microsoft:QLinearConcat", qdq::Where::kQuantized, lift_concat}};
}

}  // namespace gradus
