// Float images to stored codes: the first thing the engine does with its input.
//   code[n, y, x, c] = clamp(rint(in[n, c, y, x] / scale) + zero_point, low, high)
// in stored codes (zero_point - quant_min); the quotient is one float division. numerics.md (2).
#pragma once

#include <cstdint>
#include <span>

#include "gradus/base/cpu.h"
#include "gradus/kernels/tensor_view.h"

namespace gradus::kernels {

struct QuantizeArgs {
  const float* in = nullptr;  // [batch, channels, height, width], no NaN
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  std::int32_t low = 0;  // 0 <= low <= high <= 255
  std::int32_t high = 255;
  bool binary = false;  // code = high where in >= 0, else low
  // Its height, width and channels are those of `in`. The bytes up to the next multiple of 4 past a
  // pixel's channels may be overwritten.
  ActivationView out;
};

struct QuantizeKernel {
  const char* name;
  Isa isa;
  // Items are rows: item i is row i % height of image i / height.
  void (*run)(const QuantizeArgs& args, std::int64_t begin, std::int64_t end) noexcept;
};

// Fastest first, scalar last.
std::span<const QuantizeKernel> quantize_kernels() noexcept;
const QuantizeKernel& select_quantize(Isa isa) noexcept;

}  // namespace gradus::kernels
