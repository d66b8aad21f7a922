// Relu and Clip that no layer could take in.
#include "gradus/convert/lowering.h"
#include "gradus/prepare/attributes.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) {
  const CodeRange range = context.output_codes(node, compose(*clamp_of(node), fused_clamp(node)));
  context.emit(node, QRescale{range.low, range.high});
}

}  // namespace

LoweringFamily clamp_lowering() { return {{"Relu", lower}, {"Clip", lower}}; }

}  // namespace gradus
