#include "gradus/convert/linear.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) {
  LoweredLinear linear = lower_linear(context, node);
  context.emit(node, QFullyConnected{std::move(linear.weights), std::move(linear.bias),
                                     std::move(linear.output)});
}

}  // namespace

LoweringFamily gemm_lowering() { return {{"Gemm", lower}}; }

}  // namespace gradus
