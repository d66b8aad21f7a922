// The taps of a pooling window that lie in the image, and averages by division. In an unnamed
// namespace: files compiled for different instruction sets must not share code.
#pragma once

#include "gradus/kernels/pool/pool.h"

namespace gradus::kernels {
namespace {

// Taps [begin, end) of a kernel whose first tap is at `start`, cut to positions [low, high).
struct Taps {
  std::int32_t begin, end;
};

inline Taps taps_within(std::int32_t start, std::int32_t kernel, std::int32_t dilation,
                        std::int32_t low, std::int32_t high) {
  std::int32_t begin = 0;
  while (begin < kernel && start + begin * dilation < low) ++begin;
  std::int32_t end = kernel;
  while (end > begin && start + (end - 1) * dilation >= high) --end;
  return {begin, end};
}

// numerics.md (30) for `channels` sums of (code - zero point) of one window. Below 2^52 the floor
// of a rounded double quotient is the quotient's, and doubles divide side by side where integers do
// not.
inline void store_averages(const AveragePoolArgs& args, const std::int32_t* acc,
                           std::int32_t channels, std::int32_t count, std::uint8_t* out) {
  const double divisor = count;
  const double half = count / 2;
  const double zero = static_cast<double>(count) * args.code_of_zero;
  for (std::int32_t c = 0; c < channels; ++c) {
    const double sum = static_cast<double>(acc[c]) + zero;
    const double magnitude = (sum < 0.0 ? -sum : sum) + half;
    const std::int32_t quotient = static_cast<std::int32_t>(magnitude / divisor);
    const std::int32_t code = sum < 0.0 ? -quotient : quotient;
    const std::int32_t raised = code < args.low ? args.low : code;
    out[c] = static_cast<std::uint8_t>((raised > args.high ? args.high : raised) - args.quant_min);
  }
}

}  // namespace
}  // namespace gradus::kernels
