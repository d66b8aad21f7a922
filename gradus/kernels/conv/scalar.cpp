// The specification of convolution: the sum of conv.h as it stands there.
#include <algorithm>

#include "gradus/kernels/conv/kernels.h"

namespace gradus::kernels {
namespace {

std::int32_t accumulate(const ConvArgs& args, std::int64_t image, std::int64_t row,
                        std::int64_t column, std::int32_t out) {
  const ConvShape& s = *args.shape;
  const std::int32_t channels = s.in_channels / s.groups;
  const std::int32_t first = out / (s.out_channels / s.groups) * channels;
  const auto* w = reinterpret_cast<const std::int16_t*>(args.packed) +
                  std::int64_t{out} * s.kernel_h * s.kernel_w * channels;
  std::int32_t acc = args.bias[out];
  for (std::int32_t ky = 0; ky < s.kernel_h; ++ky) {
    for (std::int32_t kx = 0; kx < s.kernel_w; ++kx, w += channels) {
      const std::uint8_t* in = args.in.at(image, row * s.stride_h + ky * s.dilation_h - s.pad_top,
                                          column * s.stride_w + kx * s.dilation_w - s.pad_left) +
                               first;
      for (std::int32_t i = 0; i < channels; ++i) acc += w[i] * in[i];
    }
  }
  return acc;
}

}  // namespace

const char* conv_scalar_unsupported(const ConvProblem&) noexcept { return nullptr; }

std::size_t conv_scalar_packed_bytes(const ConvProblem& problem) noexcept {
  return problem.weights.size_bytes();
}

void conv_scalar_pack(const ConvProblem& problem, std::byte* packed) noexcept {
  std::copy(problem.weights.begin(), problem.weights.end(),
            reinterpret_cast<std::int16_t*>(packed));
}

std::size_t conv_scalar_scratch_bytes(const ConvShape& shape) noexcept {
  return static_cast<std::size_t>(shape.out_channels) * sizeof(std::int32_t);
}

std::int64_t conv_rows(const ConvShape& shape, std::int64_t batch) noexcept {
  return batch * shape.out_height;
}

void conv_scalar_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                     std::byte* scratch) noexcept {
  const ConvShape& s = *args.shape;
  auto* acc = reinterpret_cast<std::int32_t*>(scratch);
  const bool floats = args.output->kind == OutputKind::kFloat;
  for (std::int64_t item = begin; item < end; ++item) {
    const std::int64_t image = item / s.out_height;
    const std::int64_t row = item % s.out_height;
    for (std::int64_t x = 0; x < s.out_width; ++x) {
      for (std::int32_t o = 0; o < s.out_channels; ++o) {
        acc[o] = accumulate(args, image, row, x, o);
      }
      void* out =
          floats ? static_cast<void*>(args.out_float + (item * s.out_width + x) * s.out_channels)
                 : static_cast<void*>(args.out.at(image, row, x));
      args.store(*args.output, OutputTile{acc, 0, 1, 0, s.out_channels, out, 0});
    }
  }
}

}  // namespace gradus::kernels
