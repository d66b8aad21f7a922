#include "gradus/kernels/output_stage/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

constexpr OutputStageKernel kKernels[] = {
#if defined(__x86_64__)
    {"output_stage_avx512vnni", Isa::kAvx512Vnni, output_stage_avx512vnni},
    {"output_stage_avx2", Isa::kAvx2, output_stage_avx2},
#endif
    {"output_stage_scalar", Isa::kScalar, output_stage_scalar},
};

}  // namespace

std::span<const OutputStageKernel> output_stage_kernels() noexcept { return kKernels; }

const OutputStageKernel& select_output_stage(Isa isa) noexcept {
  return first_of(output_stage_kernels(), isa);
}

}  // namespace gradus::kernels
