// The functions behind the list in table.cpp.
#pragma once

#include "gradus/kernels/lookup/lookup.h"

namespace gradus::kernels {

void lookup_scalar(const LookupArgs& args, std::int64_t begin, std::int64_t end) noexcept;
void lookup_avx2(const LookupArgs& args, std::int64_t begin, std::int64_t end) noexcept;

}  // namespace gradus::kernels
