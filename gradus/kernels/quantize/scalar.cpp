// The specification: numerics.md (2) for every pixel.
#include "gradus/kernels/quantize/kernels.h"
#include "gradus/quant/quantizer.h"

namespace gradus::kernels {

void quantize_scalar(const QuantizeArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const Grid grid{args.low, args.high, false};
  const ActivationView& out = args.out;
  const std::int64_t plane = std::int64_t{out.height} * out.width;
  for (std::int64_t item = begin; item < end; ++item) {
    const std::int64_t image = item / out.height;
    const std::int64_t row = item % out.height;
    const float* in = args.in + image * out.channels * plane + row * out.width;
    for (std::int32_t x = 0; x < out.width; ++x) {
      std::uint8_t* pixel = out.at(image, row, x);
      for (std::int32_t c = 0; c < out.channels; ++c) {
        const float real = in[c * plane + x];
        const std::int32_t code = args.binary ? (real >= 0.0f ? args.high : args.low)
                                              : quantize(real, args.scale, args.zero_point, grid);
        pixel[c] = static_cast<std::uint8_t>(code);
      }
    }
  }
}

}  // namespace gradus::kernels
