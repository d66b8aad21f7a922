// A change of quantizer as a table of stored codes; used by rescale and concat.
#pragma once

#include <array>
#include <cstdint>

#include "gradus/runtime/step.h"

namespace gradus {

using CodeTable = std::array<std::uint8_t, 256>;

// The integers of quant/integer_rescale.h from the stored codes of `in` to those of `out`.
CodeTable make_rescale_table(Profile profile, const QTensor& in, const QTensor& out,
                             std::int32_t low, std::int32_t high);

// Whether the table leaves every code of `in` as it is.
bool keeps_codes(const CodeTable& table, const QTensor& in);

}  // namespace gradus
