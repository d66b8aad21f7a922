#include "gradus/fakequant/fake_quant.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/fakequant/loops.h"

namespace gradus {
namespace {

LoopQuantizer loop_quantizer(const FakeQuantizer& q, const float* scales, std::size_t channel) {
  const std::int32_t zero_point = q.zero_point[channel];
  return {.scale = scales[channel],
          .low = static_cast<float>(q.grid.quant_min - zero_point),
          .high = static_cast<float>(q.grid.quant_max - zero_point),
          .clamp_min = q.clamp_min,
          .clamp_max = q.clamp_max,
          .binary = q.grid.binary};
}

// Per channel, the channels must lie one after another.
bool is_dense(const at::Tensor& x, bool per_channel) {
  if (!x.is_non_overlapping_and_dense()) return false;
  return !per_channel || x.size(0) == 1 || x.stride(0) * x.size(0) == x.numel();
}

// body(channel, offset, count) over every element of x in pieces of at most kLoopChunk that lie
// within one channel; `piece` numbers them, whatever the number of threads.
template <typename Body>
void for_each_piece(std::int64_t elements, std::int64_t channels, const Body& body) {
  const std::int64_t row = elements / channels;
  const std::int64_t pieces_in_row = (row + kLoopChunk - 1) / kLoopChunk;
  const std::int64_t grain =
      std::max<std::int64_t>(1, kLoopChunk / std::max<std::int64_t>(1, std::min(row, kLoopChunk)));
  at::parallel_for(0, channels * pieces_in_row, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      const std::int64_t channel = piece / pieces_in_row;
      const std::int64_t within = (piece % pieces_in_row) * kLoopChunk;
      body(piece, static_cast<std::size_t>(channel), channel * row + within,
           std::min(kLoopChunk, row - within));
    }
  });
}

std::int64_t pieces_of(std::int64_t elements, std::int64_t channels) {
  return channels * ((elements / channels + kLoopChunk - 1) / kLoopChunk);
}

void check_quantizer(const at::Tensor& x, const FakeQuantizer& q) {
  check(x.scalar_type() == at::kFloat, "fake quantization of a tensor that is not float32");
  check(q.scale.numel() == static_cast<std::int64_t>(q.zero_point.size()),
        "scale and zero point differ in number");
  check(q.scale.numel() == 1 || q.scale.numel() == x.size(q.axis),
        "a scale for every channel is needed");
  check(q.observed == nullptr || q.scale.numel() == 1, "observation is per tensor");
}

// The quantizer for x with its channels moved to the front.
FakeQuantizer with_axis_in_front(const FakeQuantizer& q) {
  FakeQuantizer moved = q;
  moved.axis = 0;
  moved.in_place = false;
  return moved;
}

at::Tensor like_with_strides(const at::Tensor& gradient, const at::Tensor& x) {
  if (gradient.strides() == x.strides() && gradient.scalar_type() == at::kFloat) return gradient;
  return at::empty_like(x, x.options().dtype(at::kFloat)).copy_(gradient);
}

std::pair<at::Tensor, at::Tensor> quantize_cpu(const at::Tensor& input, const FakeQuantizer& q,
                                               bool with_mask) {
  const std::int64_t channels = q.scale.numel();
  const at::Tensor x = is_dense(input, channels > 1) ? input : input.contiguous();
  at::Tensor y = q.in_place && x.is_same(input) ? input : at::empty_like(x);
  at::Tensor mask = with_mask ? at::empty_like(x, x.options().dtype(at::kByte)) : at::Tensor();
  if (x.numel() == 0) return {y, mask};
  const float* from = x.const_data_ptr<float>();
  const float* scales = q.scale.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  std::uint8_t* bytes = with_mask ? mask.mutable_data_ptr<std::uint8_t>() : nullptr;
  std::vector<Range> seen(
      q.observed != nullptr ? static_cast<std::size_t>(pieces_of(x.numel(), channels)) : 0);
  for_each_piece(x.numel(), channels,
                 [&](std::int64_t piece, std::size_t channel, std::int64_t at, std::int64_t n) {
                   const LoopQuantizer loop = loop_quantizer(q, scales, channel);
                   if (!seen.empty()) {
                     Range& range = seen[static_cast<std::size_t>(piece)];
                     range_loop(from + at, n, q.clamp_min, q.clamp_max, &range.min, &range.max);
                   }
                   if (with_mask) {
                     fake_quant_mask_loop(from + at, to + at, bytes + at, n, loop);
                   } else {
                     fake_quant_loop(from + at, to + at, n, loop);
                   }
                 });
  for (const Range& range : seen) {
    q.observed->min = std::min(q.observed->min, range.min);
    q.observed->max = std::max(q.observed->max, range.max);
  }
  return {y, mask};
}

std::pair<at::Tensor, at::Tensor> quantize_any(const at::Tensor& x, const FakeQuantizer& q,
                                               bool with_mask) {
  check_quantizer(x, q);
  const at::NoGradGuard no_grad;
  if (q.axis != 0 && q.scale.numel() > 1) {
    auto [y, mask] =
        quantize_any(x.transpose(0, q.axis).contiguous(), with_axis_in_front(q), with_mask);
    y = y.transpose(0, q.axis);
    if (with_mask) mask = mask.transpose(0, q.axis);
    return {q.in_place ? x.copy_(y) : y, mask};
  }
  if (x.is_cpu()) return quantize_cpu(x, q, with_mask);
  auto [y, mask] = aten::fake_quantize_with_mask(x, q);
  return {q.in_place ? x.copy_(y) : y, mask};
}

}  // namespace

at::Tensor fake_quantize(const at::Tensor& x, const FakeQuantizer& quantizer) {
  return quantize_any(x, quantizer, false).first;
}

std::pair<at::Tensor, at::Tensor> fake_quantize_with_mask(const at::Tensor& x,
                                                          const FakeQuantizer& quantizer) {
  return quantize_any(x, quantizer, true);
}

at::Tensor apply_mask(const at::Tensor& gy, const at::Tensor& mask) {
  if (!gy.is_cpu()) return gy * mask;
  const at::Tensor g = like_with_strides(gy, mask);
  check(g.is_non_overlapping_and_dense(), "a mask without gaps is needed");
  at::Tensor gx = at::empty_like(g);
  const float* from = g.const_data_ptr<float>();
  const std::uint8_t* bytes = mask.const_data_ptr<std::uint8_t>();
  float* to = gx.mutable_data_ptr<float>();
  at::parallel_for(0, g.numel(), kLoopChunk, [&](std::int64_t begin, std::int64_t end) {
    masked_loop(from + begin, bytes + begin, to + begin, end - begin);
  });
  return gx;
}

std::pair<at::Tensor, at::Tensor> learned_step_backward(const at::Tensor& input,
                                                        const at::Tensor& gy,
                                                        const FakeQuantizer& q) {
  check_quantizer(input, q);
  const std::int64_t channels = q.scale.numel();
  if (q.axis != 0 && channels > 1) {
    auto [gx, gscale] =
        learned_step_backward(input.transpose(0, q.axis).contiguous(),
                              gy.transpose(0, q.axis).contiguous(), with_axis_in_front(q));
    return {gx.transpose(0, q.axis), gscale};
  }
  if (!input.is_cpu()) return aten::learned_step_backward(input, gy, q);
  const at::Tensor x = is_dense(input, channels > 1) ? input : input.contiguous();
  const at::Tensor g = like_with_strides(gy, x);
  at::Tensor gx = at::empty_like(x);
  at::Tensor gscale = at::zeros_like(q.scale);
  if (x.numel() == 0) return {gx, gscale};
  const float* values = x.const_data_ptr<float>();
  const float* gradients = g.const_data_ptr<float>();
  const float* scales = q.scale.const_data_ptr<float>();
  float* to = gx.mutable_data_ptr<float>();
  std::vector<float> parts(static_cast<std::size_t>(pieces_of(x.numel(), channels)));
  for_each_piece(x.numel(), channels,
                 [&](std::int64_t piece, std::size_t channel, std::int64_t at, std::int64_t n) {
                   parts[static_cast<std::size_t>(piece)] = learned_step_loop(
                       values + at, gradients + at, to + at, n, loop_quantizer(q, scales, channel));
                 });
  const std::size_t per_channel = parts.size() / static_cast<std::size_t>(channels);
  float* sums = gscale.mutable_data_ptr<float>();
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    double sum = 0.0;
    for (std::size_t i = 0; i < per_channel; ++i) {
      sum += static_cast<double>(parts[c * per_channel + i]);
    }
    sums[c] = static_cast<float>(sum);
  }
  return {gx, gscale};
}

std::vector<Range> ranges_of(const at::Tensor& input, bool per_channel, std::int64_t axis) {
  const at::NoGradGuard no_grad;
  const at::Tensor moved = per_channel ? input.detach().transpose(0, axis) : input.detach();
  const at::Tensor x = (is_dense(moved, per_channel) ? moved : moved.contiguous()).to(at::kCPU);
  const std::int64_t channels = per_channel ? x.size(0) : 1;
  check(x.scalar_type() == at::kFloat && x.numel() > 0, "a range needs float32 values");
  std::vector<Range> parts(static_cast<std::size_t>(pieces_of(x.numel(), channels)));
  const float* values = x.const_data_ptr<float>();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for_each_piece(x.numel(), channels,
                 [&](std::int64_t piece, std::size_t, std::int64_t at, std::int64_t n) {
                   Range& range = parts[static_cast<std::size_t>(piece)];
                   range_loop(values + at, n, -kInfinity, kInfinity, &range.min, &range.max);
                 });
  std::vector<Range> result(static_cast<std::size_t>(channels));
  const std::size_t pieces = parts.size() / result.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Range& range = result[i / pieces];
    range.min = std::min(range.min, parts[i].min);
    range.max = std::max(range.max, parts[i].max);
  }
  return result;
}

}  // namespace gradus
