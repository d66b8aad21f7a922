#include "gradus/convert/lowering.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) { context.emit(node, QFlatten{}); }

}  // namespace

LoweringFamily flatten_lowering() { return {{"Flatten", lower}, {"Reshape", lower}}; }

}  // namespace gradus
