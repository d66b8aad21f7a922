// Changes of type: of codes, which keep their numbers, and of the constants that scales and zero
// points are.
#include <algorithm>

#include "gradus/graph/op.h"
#include "gradus/graph/shape_inference.h"
#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::Lifter;

constexpr std::int64_t kFloat = 1;  // ONNX's TensorProto.DataType

// Constants that the file computes are needed before any other folding where they are parameters,
// one a channel at most; larger ones can wait. `normal` is the node in normal form.
void fold(Lifter& lifter, const Node& node, const Node& normal) {
  constexpr std::int64_t kMostElements = 1 << 16;
  std::vector<const Tensor*> inputs;
  for (ValueId id : node.inputs) {
    if (id == kNoValue || !lifter.is_constant(id)) return lifter.keep(node);
    inputs.push_back(&*lifter.graph().value(id).constant);
    if (inputs.back()->size() > kMostElements) return lifter.keep(node);
  }
  const GraphOp* op = find_graph_op(node.op);
  if (op == nullptr || op->evaluate == nullptr) return lifter.keep(node);
  const std::vector<TensorType> types = infer_node(lifter.graph(), normal);
  const auto count = element_count(types.at(0).shape);
  if (!count || *count > kMostElements) return lifter.keep(node);
  lifter.set_constant(node, std::move(op->evaluate(normal, inputs, types).at(0)));
}

void lift_constant_of_shape(Lifter& lifter, const Node& node) {
  const ValueId in = node.input(0);
  if (in == kNoValue || !lifter.is_constant(in)) return lifter.keep(node);
  const Tensor& shape = *lifter.graph().value(in).constant;
  if (shape.dtype() != DType::kInt64 || shape.shape().size() != 1 || shape.size() > 8)
    return lifter.keep(node);
  const auto sizes = shape.as<std::int64_t>();
  if (std::any_of(sizes.begin(), sizes.end(), [](auto size) { return size < 0; }))
    return lifter.keep(node);
  Node normal = node;
  normal.attributes["shape"] = std::vector<std::int64_t>(sizes.begin(), sizes.end());
  fold(lifter, node, normal);
}

// The numbers that the codes are: those of an input of bytes, as reals of scale 1.
void cast_to_reals(Lifter& lifter, const Node& node) {
  qdq::Encoding numbers = lifter.codes(node.inputs[0]).encoding;
  numbers.scale = {1.0f};
  numbers.zero_point = {0};
  lifter.set_alias(node, lifter.real(node, 0, numbers));
}

// Codes as a type that holds them all: PyTorch writes such a Cast, often to the type that they
// have.
void cast_codes(Lifter& lifter, const Node& node, qdq::CodeSpan to) {
  const qdq::Codes codes = lifter.codes(node.inputs[0]);
  qdq::Encoding encoding = codes.encoding;
  if (to.low > encoding.whole.low || to.high < encoding.whole.high) {
    qdq::refuse(node, "casts codes of " + qdq::span_text(encoding.whole) + " to those of " +
                          qdq::span_text(to) + "; expected a type that holds them all");
  }
  encoding.whole = to;
  codes.on_grid ? lifter.set_moved(node, codes.source, encoding)
                : lifter.set_codes(node, codes.source, encoding);
}

// Constants of 2 and 4 bits as int8 or uint8: the same codes.
void cast_constant(Lifter& lifter, const Node& node, DType to) {
  const ValueId in = node.inputs[0];
  const qdq::CodeSpan span = lifter.span_of_constant(in);
  const qdq::CodeSpan held = *qdq::span_of(to);
  const bool bytes = to == DType::kInt8 || to == DType::kUint8;
  if (!bytes || span.low < held.low || span.high > held.high) return lifter.keep(node);
  const Tensor& tensor = *lifter.graph().value(in).constant;
  Tensor cast(to, tensor.shape());
  std::copy(tensor.bytes().begin(), tensor.bytes().end(), cast.bytes().begin());
  lifter.set_constant(node, std::move(cast), span);
}

void lift_cast(Lifter& lifter, const Node& node) {
  const ValueId in = node.input(0);
  const std::int64_t number = node.integer("to", 0);
  const auto to = qdq::code_type(number);
  if (lifter.is_codes(in)) {
    if (number == kFloat) return cast_to_reals(lifter, node);
    if (!to) {
      qdq::refuse(node,
                  "casts codes to neither float32 nor a type of codes; expected DequantizeLinear "
                  "before it");
    }
    return cast_codes(lifter, node, *qdq::span_of(*to));
  }
  if (to && lifter.is_constant(in) && qdq::span_of(lifter.graph().value(in).dtype)) {
    return cast_constant(lifter, node, *to);
  }
  fold(lifter, node, node);
}

}  // namespace

QuantizedOpFamily casts_quantized_op() {
  return {{"Cast", qdq::Where::kAnywhere, lift_cast},
          {"ConstantOfShape", qdq::Where::kAnywhere, lift_constant_of_shape}};
}

}  // namespace gradus
