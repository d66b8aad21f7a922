#include "gradus/convert/lowering.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node, fused_clamp(node));
  context.emit(node, QConcat{range.low, range.high}, node.inputs.size());
}

}  // namespace

LoweringFamily concat_lowering() { return {{"Concat", lower}}; }

}  // namespace gradus
