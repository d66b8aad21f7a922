// Groups of one form (prepare/groups.h): functions of one tensor, and movements.
#include "gradus/convert/lowering.h"
#include "gradus/prepare/activation_codes.h"
#include "gradus/prepare/groups.h"

namespace gradus {
namespace {

void lower_activation(LoweringContext& context, const Node& root) {
  const QTensor& in = context.input(root);
  const Quantizer& out = *context.output_quantizer(root);
  const std::int32_t quant_min = out.spec.grid().quant_min;
  const std::vector<std::int32_t> codes =
      activation_codes(context.graph(), root, {in.grid, in.scale, in.zero_point},
                       {out.spec.grid(), out.parameters.scale[0], out.parameters.zero_point[0]});
  QLookup lookup;
  for (std::int32_t code : codes) {
    lookup.table.push_back(static_cast<std::uint8_t>(code - quant_min));
  }
  context.emit(root, std::move(lookup));
}

void lower_movement(LoweringContext& context, const Node& root) {
  MovementMap map = movement_map(context.graph(), root);
  if (map.flat) context.emit_flatten(root);
  context.emit(root, QGather{std::move(map.rows), std::move(map.columns), std::move(map.channels)});
}

}  // namespace

LoweringFamily activation_lowering() {
  return {{"activation", lower_activation}, {"movement", lower_movement}};
}

}  // namespace gradus
