#include "gradus/convert/lowering.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node, fused_clamp(node));
  context.emit(node, QAdd{range.low, range.high}, 2);
}

}  // namespace

LoweringFamily add_lowering() { return {{"Add", lower}}; }

}  // namespace gradus
