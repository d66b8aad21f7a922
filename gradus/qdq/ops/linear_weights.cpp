// Quantized constants on their way to a matrix product: turned so that they come out as [out, in],
// with their scales along axis 0.
#include <algorithm>

#include "gradus/graph/ops/elements.h"
#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::Lifter;

// A transposed copy of a constant, its scales with it.
ValueId transposed(Lifter& lifter, ValueId id, const std::vector<std::int64_t>& perm) {
  const Value& from = lifter.graph().value(id);
  const Shape& shape = from.constant->shape();
  const std::vector<std::int64_t> strides = ops::strides_of(shape);
  Value to = from;
  to.name += ".transposed";
  Shape turned;
  std::vector<std::int64_t> turned_strides;
  for (std::int64_t axis : perm) {
    turned.push_back(shape.at(static_cast<std::size_t>(axis)));
    turned_strides.push_back(strides.at(static_cast<std::size_t>(axis)));
  }
  to.shape = turned;
  to.constant = ops::take(*from.constant, turned, turned_strides, 0);
  const QuantizerId quantizer = from.quantizer;
  to.quantizer = quantizer;
  if (quantizer != kNoQuantizer) {
    const auto& spec = lifter.graph().quantizers[static_cast<std::size_t>(quantizer)].spec;
    if (spec.per_channel) to.quantizer = lifter.turn_axis(quantizer, perm);
  }
  return lifter.add_value(std::move(to));
}

void lift_transpose(Lifter& lifter, const Node& node) {
  const ValueId in = node.inputs[0];
  if (lifter.is_codes(in)) {
    const ValueId real = lifter.real_of(node, in);
    const qdq::Encoding encoding = lifter.codes(in).encoding;
    lifter.set_moved(node, lifter.emit(node, "Transpose", {real}, node.attributes), encoding);
    return;
  }
  const std::size_t rank = lifter.graph().value(in).constant->shape().size();
  std::vector<std::int64_t> reversed;
  for (std::size_t i = rank; i-- > 0;) reversed.push_back(static_cast<std::int64_t>(i));
  const std::vector<std::int64_t> perm = node.integers("perm", reversed);
  std::vector<std::int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != std::vector<std::int64_t>(reversed.rbegin(), reversed.rend())) {
    qdq::invalid(node,
                 "perm is " + to_string(perm) + " for a tensor of rank " + std::to_string(rank));
  }
  lifter.set_alias(node, transposed(lifter, in, perm));
}

// x * w with w [in, out] quantized becomes a Gemm with [out, in].
void lift_product(Lifter& lifter, const Node& node) {
  for (ValueId id : node.inputs) {
    if (lifter.is_codes(id)) qdq::refuse(node, "multiplies codes; expected DequantizeLinear first");
  }
  const ValueId weights = node.input(1);
  const bool turned = node.op == "Gemm" && node.integer("transB", 0) != 0;
  const bool matrix = weights != kNoValue && lifter.is_constant(weights) &&
                      lifter.graph().value(weights).constant->shape().size() == 2 &&
                      lifter.graph().value(weights).quantizer != kNoQuantizer;
  if (!matrix || turned) return lifter.keep(node);
  Node product = node;
  product.op = "Gemm";
  product.attributes["transB"] = std::int64_t{1};
  product.inputs[1] = transposed(lifter, weights, {1, 0});
  lifter.keep(std::move(product));
}

}  // namespace

QuantizedOpFamily linear_weights_quantized_op() {
  return {{"Transpose", qdq::Where::kOnCodes, lift_transpose},
          {"MatMul", qdq::Where::kOnCodes, lift_product},
          {"Gemm", qdq::Where::kOnCodes, lift_product}};
}

}  // namespace gradus
