#include "gradus/kernels/add/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

constexpr AddKernel kAddKernels[] = {
#if defined(__x86_64__)
    {"add_avx512vnni", Isa::kAvx512Vnni, add_avx512vnni},
    {"add_avx2", Isa::kAvx2, add_avx2},
#endif
    {"add_scalar", Isa::kScalar, add_scalar},
};

}  // namespace

std::span<const AddKernel> add_kernels() noexcept { return kAddKernels; }

const AddKernel& select_add(Isa isa) noexcept { return first_of(add_kernels(), isa); }

}  // namespace gradus::kernels
