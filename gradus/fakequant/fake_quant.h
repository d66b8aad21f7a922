// Fake quantization of tensors: what estimators are made of. On the CPU the loops of loops.h, on
// every other device the same formulas in ATen operations; both give the same bits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "gradus/quant/quantizer.h"

namespace gradus {

// The smallest and largest value seen; empty while min > max.
struct Range {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
  bool empty() const { return min > max; }
  bool operator==(const Range&) const = default;
};

// A quantizer as training holds it.
struct FakeQuantizer {
  Grid grid;
  // [1], or [channels] along `axis`; float32, > 0. Where an estimator learns it, a parameter.
  at::Tensor scale;
  std::vector<std::int32_t> zero_point;  // as many as scales
  std::int64_t axis = 0;
  // The fused activation, applied in front (ReLU: 0 and +inf).
  float clamp_min = -std::numeric_limits<float>::infinity();
  float clamp_max = std::numeric_limits<float>::infinity();
  // The output may take the input's storage: the caller promises that nobody else reads it.
  bool in_place = false;
  // Widened by the clamped input where not null; per tensor only.
  Range* observed = nullptr;
};

// dequantize(quantize(clamp(x))) of quant/quantizer.h, bit for bit. No gradient is recorded.
// x is float32; the result has its shape, and its memory format if that is without gaps.
at::Tensor fake_quantize(const at::Tensor& x, const FakeQuantizer& quantizer);

// The same and, as bytes, 1 where neither the grid nor the fused activation clamped:
// quant_min <= rint(x / scale) + zero_point <= quant_max and clamp_min < x < clamp_max.
// Binary grids: |x| <= 1 (Courbariaux et al., arXiv:1602.02830v3, eq. 4).
std::pair<at::Tensor, at::Tensor> fake_quantize_with_mask(const at::Tensor& x,
                                                          const FakeQuantizer& quantizer);

// gy where mask is 1, else 0.
at::Tensor apply_mask(const at::Tensor& gy, const at::Tensor& mask);

// Gradients of the learned step (estimators/lsq.cpp), unscaled: for x, and for each scale the sum
// of gy * dy/dscale over its elements. The result does not depend on the number of threads.
std::pair<at::Tensor, at::Tensor> learned_step_backward(const at::Tensor& x, const at::Tensor& gy,
                                                        const FakeQuantizer& quantizer);

// The ranges of x: one, or one a slice along `axis` where per_channel.
std::vector<Range> ranges_of(const at::Tensor& x, bool per_channel, std::int64_t axis);

// The same in ATen operations, for devices other than the CPU; also what tests compare with.
namespace aten {
std::pair<at::Tensor, at::Tensor> fake_quantize_with_mask(const at::Tensor& x,
                                                          const FakeQuantizer& quantizer);
std::pair<at::Tensor, at::Tensor> learned_step_backward(const at::Tensor& x, const at::Tensor& gy,
                                                        const FakeQuantizer& quantizer);
}  // namespace aten

}  // namespace gradus
