// Pooling over windows of stored codes. A window is cut to the image: padding never wins a maximum
// and adds nothing to a sum, so no halo is read. numerics.md section 7.
#pragma once

#include <cstdint>
#include <span>

#include "gradus/base/cpu.h"
#include "gradus/kernels/output_stage/output_stage.h"
#include "gradus/kernels/tensor_view.h"

namespace gradus::kernels {

// The window of output (y, x) has taps in[y * stride_h + ky * dilation_h - pad_top, ...]. At least
// one tap of every window lies in the image.
struct PoolShape {
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

struct MaxPoolArgs {
  PoolShape shape;
  ActivationView in, out;  // the same channels
};

struct MaxPoolKernel {
  const char* name;
  Isa isa;
  // Items are output rows: item i is row i % out.height of image i / out.height.
  void (*run)(const MaxPoolArgs& args, std::int64_t begin, std::int64_t end) noexcept;
};

// acc = sum over the taps in the image of (code - zero_point), int32; then the output stage of the
// window's count: its taps in the image, or with count_include_pad its taps in the padded image.
// (19)
struct AveragePoolArgs {
  PoolShape shape;
  bool count_include_pad = false;
  std::int32_t zero_point = 0;  // of the input, in stored codes
  // An average of codes by division (numerics.md (30)), instead of the output stage.
  bool divides = false;
  std::int32_t code_of_zero = 0;     // the zero point on the grid, which ties are rounded from
  std::int32_t quant_min = 0;        // grid code less stored code
  std::int32_t low = 0, high = 255;  // on the grid

  OutputStageFn store = nullptr;
  // [kernel_h * kernel_w]: entry count - 1 for every count that occurs.
  const OutputStageParams* output = nullptr;
  ActivationView in, out;      // out.height, width and channels are used for floats too
  float* out_float = nullptr;  // kFloat: [image, row, column, channel]
};

struct AveragePoolKernel {
  const char* name;
  Isa isa;
  // Items as for the maximum.
  void (*run)(const AveragePoolArgs& args, std::int64_t begin, std::int64_t end) noexcept;
};

// The count of window (row, column) of an image of height x width: 1 .. kernel_h * kernel_w.
std::int32_t average_pool_count(const PoolShape& shape, bool count_include_pad, std::int32_t height,
                                std::int32_t width, std::int32_t row, std::int32_t column) noexcept;

// Fastest first, scalar last.
std::span<const MaxPoolKernel> max_pool_kernels() noexcept;
const MaxPoolKernel& select_max_pool(Isa isa) noexcept;
std::span<const AveragePoolKernel> average_pool_kernels() noexcept;
const AveragePoolKernel& select_average_pool(Isa isa) noexcept;

}  // namespace gradus::kernels
