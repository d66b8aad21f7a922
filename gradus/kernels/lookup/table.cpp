#include "gradus/kernels/lookup/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

constexpr LookupKernel kLookupKernels[] = {
#if defined(__x86_64__)
    {"lookup_avx2", Isa::kAvx2, lookup_avx2},
#endif
    {"lookup_scalar", Isa::kScalar, lookup_scalar},
};

}  // namespace

std::span<const LookupKernel> lookup_kernels() noexcept { return kLookupKernels; }

const LookupKernel& select_lookup(Isa isa, bool table_a_channel) noexcept {
  return first_of(lookup_kernels(), table_a_channel ? Isa::kScalar : isa);
}

}  // namespace gradus::kernels
