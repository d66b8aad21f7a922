#include "gradus/kernels/multiply/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

constexpr MultiplyKernel kMultiplyKernels[] = {
#if defined(__x86_64__)
    {"multiply_avx2", Isa::kAvx2, multiply_avx2},
#endif
    {"multiply_scalar", Isa::kScalar, multiply_scalar},
};

}  // namespace

std::span<const MultiplyKernel> multiply_kernels() noexcept { return kMultiplyKernels; }

const MultiplyKernel& select_multiply(Isa isa) noexcept {
  return first_of(multiply_kernels(), isa);
}

}  // namespace gradus::kernels
