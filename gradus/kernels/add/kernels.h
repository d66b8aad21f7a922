// The functions behind the list in table.cpp.
#pragma once

#include "gradus/kernels/add/add.h"

namespace gradus::kernels {

void add_scalar(const AddArgs& args, std::int64_t begin, std::int64_t end) noexcept;
void add_avx2(const AddArgs& args, std::int64_t begin, std::int64_t end) noexcept;
void add_avx512vnni(const AddArgs& args, std::int64_t begin, std::int64_t end) noexcept;

}  // namespace gradus::kernels
