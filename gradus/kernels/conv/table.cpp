#include "gradus/kernels/conv/kernels.h"

#include "gradus/base/check.h"

namespace gradus::kernels {
namespace {

constexpr ConvKernel kKernels[] = {
#if defined(__x86_64__)
    {"conv_depthwise_avx512vnni", Isa::kAvx512Vnni, conv_depthwise_unsupported,
     conv_depthwise_avx512_packed_bytes, conv_depthwise_avx512_pack, conv_depthwise_scratch_bytes,
     conv_rows, conv_depthwise_avx512vnni_run},
    {"conv_u8s8_avx512vnni", Isa::kAvx512Vnni, conv_u8s8_unsupported, conv_avx512_packed_bytes,
     conv_avx512_pack, conv_tile_scratch_bytes, conv_avx512_work_items, conv_u8s8_avx512vnni_run},
    {"conv_depthwise_avx2", Isa::kAvx2, conv_depthwise_unsupported,
     conv_depthwise_avx2_packed_bytes, conv_depthwise_avx2_pack, conv_depthwise_scratch_bytes,
     conv_rows, conv_depthwise_avx2_run},
    {"conv_u8s8_pairs_avx2", Isa::kAvx2, conv_u8s8_pairs_unsupported, conv_avx2_pairs_packed_bytes,
     conv_avx2_pairs_pack, conv_tile_scratch_bytes, conv_avx2_pairs_work_items,
     conv_u8s8_pairs_avx2_run},
    {"conv_u8s16_avx2", Isa::kAvx2, conv_u8s16_unsupported, conv_avx2_wide_packed_bytes,
     conv_avx2_wide_pack, conv_avx2_wide_scratch_bytes, conv_avx2_wide_work_items,
     conv_u8s16_avx2_run},
#endif
    {"conv_scalar", Isa::kScalar, conv_scalar_unsupported, conv_scalar_packed_bytes,
     conv_scalar_pack, conv_scalar_scratch_bytes, conv_rows, conv_scalar_run},
};

}  // namespace

std::span<const ConvKernel> conv_kernels() noexcept { return kKernels; }

const ConvKernel& select_conv(const ConvProblem& problem, Isa isa) noexcept {
  for (const ConvKernel& kernel : conv_kernels()) {
    if (kernel.isa <= isa && kernel.unsupported(problem) == nullptr) return kernel;
  }
  check(false, "no kernel for a convolution: the scalar one supports every problem");
  return conv_kernels().back();
}

}  // namespace gradus::kernels
