// Any device: the loops of loops.cpp as ATen operations, one rounding each, in the same order.
#include <ATen/ATen.h>

#include <algorithm>

#include "gradus/fakequant/fake_quant.h"

namespace gradus::aten {
namespace {

// The quantizer's numbers in a shape that broadcasts over x.
struct Broadcast {
  at::Tensor scale;
  at::Tensor low;
  at::Tensor high;
};

Broadcast broadcast(const at::Tensor& x, const FakeQuantizer& q) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  const std::int64_t channels = q.scale.numel();
  if (channels > 1) shape[static_cast<std::size_t>(q.axis)] = channels;
  std::vector<float> low;
  std::vector<float> high;
  for (std::int32_t zero_point : q.zero_point) {
    low.push_back(static_cast<float>(q.grid.quant_min - zero_point));
    high.push_back(static_cast<float>(q.grid.quant_max - zero_point));
  }
  const auto limits = [&](const std::vector<float>& values) {
    return at::tensor(values, at::kFloat).reshape(shape).to(x.device());
  };
  return {q.scale.detach().to(x.device()).reshape(shape), limits(low), limits(high)};
}

at::Tensor clamp(const at::Tensor& x, const at::Tensor& low, const at::Tensor& high) {
  return at::min(at::max(x, low), high);
}

at::Tensor inside_activation(const at::Tensor& x, const FakeQuantizer& q) {
  return at::logical_and(x > q.clamp_min, x < q.clamp_max);
}

}  // namespace

std::pair<at::Tensor, at::Tensor> fake_quantize_with_mask(const at::Tensor& input,
                                                          const FakeQuantizer& q) {
  const at::Tensor x = input.detach();
  const Broadcast b = broadcast(x, q);
  const at::Tensor clamped = at::clamp(x, q.clamp_min, q.clamp_max);
  if (q.observed != nullptr) {
    q.observed->min = std::min(q.observed->min, clamped.min().item<float>());
    q.observed->max = std::max(q.observed->max, clamped.max().item<float>());
  }
  if (q.grid.binary) {
    const at::Tensor scale = b.scale.expand_as(x);
    return {at::where(x >= 0.0, scale, -scale), at::logical_and(x >= -1.0, x <= 1.0).to(at::kByte)};
  }
  const at::Tensor t = clamped / b.scale;
  const at::Tensor r = at::round(clamp(t, b.low - 1.0, b.high + 1.0));
  const at::Tensor on_grid = at::logical_and(r >= b.low, r <= b.high);
  // + 0 turns rint's -0 into the +0 of an integer code.
  return {b.scale * (clamp(r, b.low, b.high) + 0.0),
          at::logical_and(on_grid, inside_activation(x, q)).to(at::kByte)};
}

std::pair<at::Tensor, at::Tensor> learned_step_backward(const at::Tensor& input,
                                                        const at::Tensor& gy,
                                                        const FakeQuantizer& q) {
  const at::Tensor x = input.detach();
  const Broadcast b = broadcast(x, q);
  at::Tensor slope;
  at::Tensor pass;
  if (q.grid.binary) {
    slope = at::where(x >= 0.0, at::ones_like(x), -at::ones_like(x));
    pass = at::logical_and(x >= -1.0, x <= 1.0);
  } else {
    const at::Tensor t = at::clamp(x, q.clamp_min, q.clamp_max) / b.scale;
    const at::Tensor inside = at::logical_and(t > b.low, t < b.high);
    slope = at::round(clamp(t, b.low, b.high)) - at::where(inside, t, at::zeros_like(t));
    pass = at::logical_and(inside, inside_activation(x, q));
  }
  const at::Tensor products = gy * slope;
  std::vector<std::int64_t> others;
  for (std::int64_t d = 0; d < x.dim(); ++d) {
    if (q.scale.numel() == 1 || d != q.axis) others.push_back(d);
  }
  const at::Tensor sums = others.empty() ? products : products.sum(others);
  return {at::where(pass, gy, at::zeros_like(gy)), sums.reshape(q.scale.sizes())};
}

}  // namespace gradus::aten
