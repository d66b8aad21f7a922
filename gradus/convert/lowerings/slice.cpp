#include "gradus/convert/lowering.h"
#include "gradus/prepare/attributes.h"

namespace gradus {
namespace {

void lower(LoweringContext& context, const Node& node) {
  QSlice slice;
  std::int32_t* begins[] = {&slice.begin_c, &slice.begin_h, &slice.begin_w};
  std::int32_t* steps[] = {&slice.step_c, &slice.step_h, &slice.step_w};
  for (const AxisSlice& cut : slices_of(context.graph(), node)) {
    *begins[cut.axis - 1] = extent(node, cut.begin);
    *steps[cut.axis - 1] = extent(node, cut.step);
  }
  context.emit(node, slice);
}

}  // namespace

LoweringFamily slice_lowering() { return {{"Slice", lower}}; }

}  // namespace gradus
