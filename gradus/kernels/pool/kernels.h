// The functions behind the lists in table.cpp.
#pragma once

#include "gradus/kernels/pool/pool.h"

namespace gradus::kernels {

void max_pool_scalar(const MaxPoolArgs& args, std::int64_t begin, std::int64_t end) noexcept;
void max_pool_avx2(const MaxPoolArgs& args, std::int64_t begin, std::int64_t end) noexcept;
void average_pool_scalar(const AveragePoolArgs& args, std::int64_t begin,
                         std::int64_t end) noexcept;
void average_pool_avx2(const AveragePoolArgs& args, std::int64_t begin, std::int64_t end) noexcept;

}  // namespace gradus::kernels
