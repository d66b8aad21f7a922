// The taps of a pooling window that lie in the image. In an unnamed namespace: files compiled for
// different instruction sets must not share code.
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

}  // namespace
}  // namespace gradus::kernels
