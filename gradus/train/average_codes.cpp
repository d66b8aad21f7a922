#include "gradus/train/average_codes.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/train/code_loops.h"

namespace gradus {

std::vector<std::int32_t> window_counts(const Window& w, bool count_padding, std::int64_t height,
                                        std::int64_t width) {
  const auto counts_along = [count_padding](std::int64_t size, std::int64_t kernel,
                                            std::int64_t stride, std::int64_t before,
                                            std::int64_t after) {
    std::vector<std::int64_t> counts;
    for (std::int64_t at = -before; at + kernel <= size + after; at += stride) {
      const std::int64_t inside = std::min(at + kernel, size) - std::max<std::int64_t>(at, 0);
      counts.push_back(count_padding ? kernel : inside);
    }
    return counts;
  };
  std::vector<std::int32_t> counts;
  for (std::int64_t row : counts_along(height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom)) {
    for (std::int64_t column :
         counts_along(width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right)) {
      counts.push_back(static_cast<std::int32_t>(row * column));
    }
  }
  return counts;
}

AverageCodes::AverageCodes(const CodeContext& context, const Node& node,
                           std::int64_t largest_count) {
  const ActivationQuantizer input = context.quantizer(node.inputs.at(0));
  const ValueId out = node.outputs.at(0);
  input_scale_ = input.scale;
  // A code less its zero point is below 2^9.
  wide_ = largest_count >= (std::int64_t{1} << 15);
  to_codes_ = context.is_codes(out);
  clamp_ = fused_clamp(node);
  if (!to_codes_) return;
  const CodeRange range = context.output_codes(node);
  pool_ = make_integer_average_pool(context.profile, input, context.quantizer(out), range.low,
                                    range.high, static_cast<std::int32_t>(largest_count));
}

at::Tensor AverageCodes::cast(const at::Tensor& x) const { return wide_ ? x.to(at::kDouble) : x; }

at::Tensor AverageCodes::finish(const at::Tensor& sums,
                                const std::vector<std::int32_t>& counts) const {
  // Sums are below 2^31; where they pass 2^24, one by one.
  const at::Tensor acc = sums.contiguous(at::MemoryFormat::ChannelsLast);
  check(acc.size(2) * acc.size(3) == static_cast<std::int64_t>(counts.size()),
        "a count for every window is needed");
  const std::int64_t channels = acc.size(1);
  at::Tensor result = at::empty_like(acc, acc.options().dtype(at::kFloat));
  float* to = result.mutable_data_ptr<float>();
  AT_DISPATCH_FLOATING_TYPES(acc.scalar_type(), "gradus_average", [&] {
    const auto* from = acc.const_data_ptr<scalar_t>();
    const auto windows = static_cast<std::int64_t>(counts.size());
    at::parallel_for(0, acc.size(0) * windows, 256, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int32_t count = counts[static_cast<std::size_t>(row % windows)];
        for (std::int64_t i = row * channels; i < (row + 1) * channels; ++i) {
          const auto sum = static_cast<std::int32_t>(from[i]);
          to[i] = to_codes_
                      ? static_cast<float>(pool_(sum, count) - pool_.requantizer.zero_point)
                      : std::min(std::max(average_to_float(sum, input_scale_, count), clamp_.min),
                                 clamp_.max);
        }
      }
    });
  });
  return result;
}

}  // namespace gradus
