#include "gradus/kernels/multiply/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

#if defined(__x86_64__)
void run_avx2(const MultiplyArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const IntegerMultiply& m = args.multiply;
  const Requantizer& r = m.requantizer;
  const bool ieee = r.profile == Profile::kIeee32;
  multiply_avx2({r.profile, ieee ? r.multiplier[0] : 0.0f, ieee ? FixedMultiplier{} : r.fixed[0],
                 m.input_zero_point[0], m.input_zero_point[1], r.zero_point, r.low, r.high},
                args, begin, end);
}
#endif

constexpr MultiplyKernel kMultiplyKernels[] = {
#if defined(__x86_64__)
    {"multiply_avx2", Isa::kAvx2, run_avx2},
#endif
    {"multiply_scalar", Isa::kScalar, multiply_scalar},
};

}  // namespace

std::span<const MultiplyKernel> multiply_kernels() noexcept { return kMultiplyKernels; }

const MultiplyKernel& select_multiply(Isa isa) noexcept {
  return first_of(multiply_kernels(), isa);
}

}  // namespace gradus::kernels
