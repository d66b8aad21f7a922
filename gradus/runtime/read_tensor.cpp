#include "gradus/runtime/read_tensor.h"

namespace gradus {
namespace {

// out[image][channel][row][column] = convert(stored code)
template <typename T, typename Convert>
void read(const kernels::ActivationView& view, std::int64_t batch, T* out, Convert convert) {
  for (std::int64_t image = 0; image < batch; ++image) {
    for (std::int32_t c = 0; c < view.channels; ++c) {
      for (std::int32_t y = 0; y < view.height; ++y) {
        for (std::int32_t x = 0; x < view.width; ++x) *out++ = convert(view.at(image, y, x)[c]);
      }
    }
  }
}

}  // namespace

void read_codes(const QTensor& tensor, const kernels::ActivationView& view, std::int64_t batch,
                std::int32_t* out) noexcept {
  read(view, batch, out, [&](std::uint8_t code) { return code + tensor.grid.quant_min; });
}

void read_dequantized(const QTensor& tensor, const kernels::ActivationView& view,
                      std::int64_t batch, float* out) noexcept {
  read(view, batch, out, [&](std::uint8_t code) {
    return dequantize(code + tensor.grid.quant_min, tensor.scale, tensor.zero_point);
  });
}

void read_values(const QTensor& tensor, const float* in, std::int64_t batch, float* out) noexcept {
  const std::int64_t pixels = std::int64_t{tensor.height} * tensor.width;
  for (std::int64_t image = 0; image < batch; ++image) {
    for (std::int64_t c = 0; c < tensor.channels; ++c) {
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        *out++ = in[(image * pixels + pixel) * tensor.channels + c];
      }
    }
  }
}

}  // namespace gradus
