// The functions behind the list in table.cpp.
#pragma once

#include "gradus/kernels/multiply/multiply.h"

namespace gradus::kernels {

void multiply_scalar(const MultiplyArgs& args, std::int64_t begin, std::int64_t end) noexcept;

// What a product is rounded with, as plain numbers: files for an instruction set call no library.
struct MultiplyNumbers {
  Profile profile;
  float multiplier;
  FixedMultiplier fixed;
  std::int32_t zero_a, zero_b, zero_point, low, high;
};
void multiply_avx2(const MultiplyNumbers& numbers, const MultiplyArgs& args, std::int64_t begin,
                   std::int64_t end) noexcept;

}  // namespace gradus::kernels
