// Sums, differences and products of two tensors.
#include "gradus/convert/lowering.h"

namespace gradus {
namespace {

void lower_sum(LoweringContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node, fused_clamp(node));
  context.emit(node, QAdd{range.low, range.high, node.op == "Sub"}, 2);
}

void lower_product(LoweringContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node, fused_clamp(node));
  context.emit(node, QMultiply{range.low, range.high}, 2);
}

}  // namespace

LoweringFamily add_lowering() {
  return {{"Add", lower_sum}, {"Sub", lower_sum}, {"Mul", lower_product}};
}

}  // namespace gradus
