#include "gradus/kernels/quantize/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

constexpr QuantizeKernel kQuantizeKernels[] = {
#if defined(__x86_64__)
    {"quantize_avx2", Isa::kAvx2, quantize_avx2},
#endif
    {"quantize_scalar", Isa::kScalar, quantize_scalar},
};

}  // namespace

std::span<const QuantizeKernel> quantize_kernels() noexcept { return kQuantizeKernels; }

const QuantizeKernel& select_quantize(Isa isa) noexcept {
  return first_of(quantize_kernels(), isa);
}

}  // namespace gradus::kernels
