// What the depthwise kernels do once, at load.
#include <algorithm>

#include "gradus/kernels/conv/kernels.h"

namespace gradus::kernels {
namespace {

std::size_t blocks(const ConvShape& shape, std::int32_t block) {
  return static_cast<std::size_t>((shape.out_channels + block - 1) / block);
}

std::size_t taps_of(const ConvShape& shape) {
  return static_cast<std::size_t>(shape.kernel_h) * static_cast<std::size_t>(shape.kernel_w);
}

std::size_t packed_bytes(const ConvProblem& p, std::int32_t block) {
  return blocks(p.shape, block) * taps_of(p.shape) * static_cast<std::size_t>(block) *
         sizeof(std::int32_t);
}

// The layout of depthwise.h.
void pack(const ConvProblem& p, std::int32_t block, std::byte* packed) {
  auto* out = reinterpret_cast<std::int32_t*>(packed);
  const std::size_t taps = taps_of(p.shape);
  const auto channels = static_cast<std::size_t>(p.shape.out_channels);
  const auto width = static_cast<std::size_t>(block);
  for (std::size_t b = 0; b < blocks(p.shape, block); ++b) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      for (std::size_t c = b * width; c < (b + 1) * width; ++c) {
        *out++ = c < channels ? p.weights[c * taps + tap] & 0xffff : 0;
      }
    }
  }
}

}  // namespace

const char* conv_depthwise_unsupported(const ConvProblem& problem) noexcept {
  return problem.shape.depthwise() && problem.shape.groups > 1 ? nullptr : "not depthwise";
}

std::size_t conv_depthwise_scratch_bytes(const ConvShape&) noexcept {
  return 4 * 32 * sizeof(std::int32_t);
}

std::size_t conv_depthwise_avx2_packed_bytes(const ConvProblem& problem) noexcept {
  return packed_bytes(problem, 16);
}
void conv_depthwise_avx2_pack(const ConvProblem& problem, std::byte* packed) noexcept {
  pack(problem, 16, packed);
}
std::size_t conv_depthwise_avx512_packed_bytes(const ConvProblem& problem) noexcept {
  return packed_bytes(problem, 32);
}
void conv_depthwise_avx512_pack(const ConvProblem& problem, std::byte* packed) noexcept {
  pack(problem, 32, packed);
}

}  // namespace gradus::kernels
