// What the exact average pools share (numerics.md (19)).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gradus/prepare/attributes.h"
#include "gradus/quant/integer_pool.h"
#include "gradus/train/op.h"

namespace gradus {

// How many elements each window divides by, [out_h * out_w]: those within the picture, or all.
std::vector<std::int32_t> window_counts(const Window& window, bool count_padding,
                                        std::int64_t height, std::int64_t width);

class AverageCodes {
 public:
  // largest_count: the most elements that a window divides by.
  AverageCodes(const CodeContext& context, const Node& node, std::int64_t largest_count);

  // x in a type in which sums of largest_count codes are exact.
  at::Tensor cast(const at::Tensor& x) const;
  // sums [batch, channels, h, w] of code - zero_point; counts [h * w]. Codes less the output's zero
  // point, or reals where the output has no quantizer.
  at::Tensor finish(const at::Tensor& sums, const std::vector<std::int32_t>& counts) const;

 private:
  float input_scale_ = 1.0f;
  bool wide_ = false;
  bool to_codes_ = false;
  IntegerAveragePool pool_;
  Clamp clamp_;
};

}  // namespace gradus
