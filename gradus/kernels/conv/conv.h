// Integer convolution (fully connected layers are 1x1 convolutions over a row of pixels):
//   acc[n, y, x, o] = bias[o] + sum_{ky, kx, i} w[o, ky, kx, i] * in[n, row, column, i]
//   row = y * stride_h + ky * dilation_h - pad_top
//   column = x * stride_w + kx * dilation_w - pad_left
// in int32, exact, where `in` are stored codes (0..255, the halo holds the code of real zero), w =
// weight code - weight zero point, and bias already contains - zero_point * sum(w), so that no
// kernel knows of zero points. The output stage follows. docs/numerics.md section 5.
//
// A kernel owns its layout of weights: pack() once at load, run() on any share of the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gradus/base/cpu.h"
#include "gradus/kernels/output_stage/output_stage.h"
#include "gradus/kernels/tensor_view.h"

namespace gradus::kernels {

struct ConvShape {
  std::int32_t in_height = 1, in_width = 1, in_channels = 1;
  std::int32_t out_height = 1, out_width = 1, out_channels = 1;
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
  std::int32_t groups = 1;

  std::int64_t macs() const noexcept {  // multiply-adds of one image
    return std::int64_t{out_height} * out_width * out_channels * kernel_h * kernel_w *
           (in_channels / groups);
  }
  bool depthwise() const noexcept { return groups == in_channels && groups == out_channels; }
};

// A layer as the kernels are asked about it at load time.
struct ConvProblem {
  ConvShape shape;
  std::int32_t input_max = 255;  // largest stored code of the input: 2^bits - 1
  // [out, kernel_h, kernel_w, in / groups]: code - zero point, within [-255, 255].
  std::span<const std::int16_t> weights;
  std::int32_t weight_min = 0, weight_max = 0;  // over `weights`
};

struct ConvArgs {
  const ConvShape* shape = nullptr;
  std::int32_t batch = 1;              // images, as given to work_items
  const std::byte* packed = nullptr;   // what pack() wrote, 64-byte aligned
  const std::int32_t* bias = nullptr;  // [out], padded with zeros to a multiple of 64
  ActivationView in;                   // halo at least the padding that the shape implies
  OutputStageFn store = nullptr;
  const OutputStageParams* output = nullptr;
  // Codes are written to out (kCodes) or floats to out_float[image, row, column, channel] (kFloat).
  // Nothing past the channels of a pixel is written, so `out` may be a slice of wider pixels.
  ActivationView out;
  float* out_float = nullptr;
};

struct ConvKernel {
  const char* name;  // "conv_u8s8_avx512vnni"
  Isa isa;
  // nullptr if the kernel computes the problem exactly, else the reason why not, for `bench` and
  // logs.
  const char* (*unsupported)(const ConvProblem& problem) noexcept;
  std::size_t (*packed_bytes)(const ConvProblem& problem) noexcept;
  void (*pack)(const ConvProblem& problem, std::byte* packed) noexcept;
  // Bytes of scratch one thread needs while running; 64-byte aligned.
  std::size_t (*scratch_bytes)(const ConvShape& shape) noexcept;
  // Items of independent work for `batch` images (an item: some rows and channels of one image).
  std::int64_t (*work_items)(const ConvShape& shape, std::int64_t batch) noexcept;
  // Computes items [begin, end). Any split of the items over threads gives the same codes.
  void (*run)(const ConvArgs& args, std::int64_t begin, std::int64_t end,
              std::byte* scratch) noexcept;
};

// Fastest first, the scalar specification last. Depthwise kernels are rows of the same list.
std::span<const ConvKernel> conv_kernels() noexcept;

// The first kernel of at most `isa` that supports the problem; the scalar one supports every
// problem.
const ConvKernel& select_conv(const ConvProblem& problem, Isa isa) noexcept;

}  // namespace gradus::kernels
