// What exact Conv and Gemm share: the integer layer, its weights as a tensor of codes, and the
// output stage over a tensor of accumulators.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gradus/quant/integer_linear.h"
#include "gradus/quant/requantize.h"
#include "gradus/train/op.h"

namespace gradus {

class LinearCodes {
 public:
  // Throws Error (kUnsupported), naming the node, as make_integer_linear() does.
  LinearCodes(const CodeContext& context, const Node& node);

  // Weight codes less their zero point, in the shape of the weights. float32 where every partial
  // sum of the layer stays below 2^24, else float64: sums are exact in any order (numerics.md
  // section 8).
  const at::Tensor& weights() const noexcept { return weights_; }
  // x in the type of the weights.
  at::Tensor cast(const at::Tensor& x) const;

  // acc: sums without bias, [batch, channels] or [batch, channels, height, width]. Codes less the
  // output's zero point, or reals where the output has no quantizer.
  at::Tensor finish(const at::Tensor& acc) const;

 private:
  at::Tensor weights_;
  std::vector<std::int32_t> bias_;
  bool to_codes_ = false;
  Requantizer requantizer_;  // to_codes_
  std::vector<float> unit_;  // else
  Clamp clamp_;
};

// The layer's integers, exactly as conversion computes them.
IntegerLinear integer_linear_of(const CodeContext& context, const Node& node);

}  // namespace gradus
