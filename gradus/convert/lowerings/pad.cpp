#include "gradus/convert/lowering.h"
#include "gradus/prepare/attributes.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) {
  const Padding padding = padding_of(context.graph(), node);
  QPad pad;
  pad.channels_before = extent(node, padding.before[1]);
  pad.channels_after = extent(node, padding.after[1]);
  pad.top = extent(node, padding.before[2]);
  pad.bottom = extent(node, padding.after[2]);
  pad.left = extent(node, padding.before[3]);
  pad.right = extent(node, padding.after[3]);
  context.emit(node, pad);
}

// Zeros between the pixels of a map.
void lower_spread(LoweringContext& context, const Node& node) {
  const auto strides = node.integers("strides", {1, 1});
  QPad pad;
  pad.between_rows = extent(node, strides.at(0) - 1);
  pad.between_columns = extent(node, strides.at(1) - 1);
  context.emit(node, pad);
}

}  // namespace

LoweringFamily pad_lowering() { return {{"Pad", lower}, {"ConvTranspose", lower_spread}}; }

}  // namespace gradus
