#include "gradus/runtime/rescale_table.h"

#include "gradus/kernels/lookup/lookup.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/quant/integer_rescale.h"

namespace gradus {

CodeTable make_rescale_table(Profile profile, const QTensor& in, const QTensor& out,
                             std::int32_t low, std::int32_t high) {
  IntegerRescale rescale =
      make_integer_rescale(profile, quantizer_of(in), quantizer_of(out), low, high);
  rescale.requantizer.zero_point = stored(out, out.zero_point);
  rescale.requantizer.low = stored(out, low);
  rescale.requantizer.high = stored(out, high);
  CodeTable table;
  kernels::rescale_table(rescale.requantizer, stored(in, in.zero_point), table);
  return table;
}

bool keeps_codes(const CodeTable& table, const QTensor& in) {
  for (std::int32_t code = 0; code <= stored(in, in.grid.quant_max); ++code) {
    if (table[static_cast<std::size_t>(code)] != code) return false;
  }
  return true;
}

}  // namespace gradus
