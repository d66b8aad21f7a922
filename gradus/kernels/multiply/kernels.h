// The functions behind the list in table.cpp.
#pragma once

#include "gradus/kernels/multiply/multiply.h"

namespace gradus::kernels {

void multiply_scalar(const MultiplyArgs& args, std::int64_t begin, std::int64_t end) noexcept;
void multiply_avx2(const MultiplyArgs& args, std::int64_t begin, std::int64_t end) noexcept;

}  // namespace gradus::kernels
