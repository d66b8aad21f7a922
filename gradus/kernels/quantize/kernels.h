// The functions behind the list in table.cpp.
#pragma once

#include "gradus/kernels/quantize/quantize.h"

namespace gradus::kernels {

void quantize_scalar(const QuantizeArgs& args, std::int64_t begin, std::int64_t end) noexcept;
void quantize_avx2(const QuantizeArgs& args, std::int64_t begin, std::int64_t end) noexcept;

}  // namespace gradus::kernels
