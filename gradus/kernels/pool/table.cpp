#include "gradus/kernels/pool/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

constexpr MaxPoolKernel kMaxPoolKernels[] = {
#if defined(__x86_64__)
    {"max_pool_avx2", Isa::kAvx2, max_pool_avx2},
#endif
    {"max_pool_scalar", Isa::kScalar, max_pool_scalar},
};

constexpr AveragePoolKernel kAveragePoolKernels[] = {
#if defined(__x86_64__)
    {"average_pool_avx2", Isa::kAvx2, average_pool_avx2},
#endif
    {"average_pool_scalar", Isa::kScalar, average_pool_scalar},
};

}  // namespace

std::span<const MaxPoolKernel> max_pool_kernels() noexcept { return kMaxPoolKernels; }

const MaxPoolKernel& select_max_pool(Isa isa) noexcept { return first_of(max_pool_kernels(), isa); }

std::span<const AveragePoolKernel> average_pool_kernels() noexcept { return kAveragePoolKernels; }

const AveragePoolKernel& select_average_pool(Isa isa) noexcept {
  return first_of(average_pool_kernels(), isa);
}

}  // namespace gradus::kernels
