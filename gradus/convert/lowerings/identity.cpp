// A second name of a value that is also an output.
#include "gradus/convert/lowering.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) {
  if (context.output_quantizer(node) == nullptr) return context.alias(node);
  const CodeRange range = context.output_codes(node, Clamp{});
  context.emit(node, QRescale{range.low, range.high});
}

}  // namespace

LoweringFamily identity_lowering() { return {{"Identity", lower}}; }

}  // namespace gradus
