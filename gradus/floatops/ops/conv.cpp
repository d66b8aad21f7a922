// Conv and ConvTranspose over height and width, grouped and dilated.
#include <algorithm>

#include "gradus/floatops/float_op.h"
#include "gradus/floatops/multiply.h"
#include "gradus/floatops/window.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;
using floatops::Window;

// Pixels whose patches are laid out at once: the matrix of patches stays in the cache.
constexpr std::int64_t kPixels = 128;

struct Map {
  std::int64_t channels, height, width;
};
Map map_of(const Shape& shape) { return {shape[1], shape[2], shape[3]}; }

// patches[(c, i, j), p] = the input under kernel element (i, j) for output pixel first + p.
void lay_out(const float* in, Map map, const Window& window, std::int64_t out_width,
             std::int64_t first, std::int64_t count, float* patches) {
  for (std::int64_t c = 0; c < map.channels; ++c) {
    for (std::int64_t i = 0; i < window.kernel[0]; ++i) {
      for (std::int64_t j = 0; j < window.kernel[1]; ++j) {
        for (std::int64_t p = 0; p < count; ++p) {
          const std::int64_t row = (first + p) / out_width * window.strides[0] - window.before[0] +
                                   i * window.dilations[0];
          const std::int64_t column = (first + p) % out_width * window.strides[1] -
                                      window.before[1] + j * window.dilations[1];
          const bool inside = row >= 0 && row < map.height && column >= 0 && column < map.width;
          *patches++ = inside ? in[(c * map.height + row) * map.width + column] : 0.0f;
        }
      }
    }
  }
}

void conv(const Attributes& attributes, std::span<const FloatInput> in,
          std::span<const FloatOutput> out) {
  const Window window = floatops::window_of(attributes);
  const std::int64_t groups = attributes.integer("group");
  const Map from = map_of(in[0].shape), to = map_of(out[0].shape);
  const Map part{from.channels / groups, from.height, from.width};
  const std::int64_t outputs = to.channels / groups, pixels = to.height * to.width;
  const std::int64_t depth = part.channels * window.kernel[0] * window.kernel[1];
  const float* bias = in.size() > 2 && in[2].given() ? in[2].data.data() : nullptr;
  std::vector<float> patches(static_cast<std::size_t>(depth * kPixels));
  for (std::int64_t item = 0; item < in[0].shape[0] * groups; ++item) {
    const std::int64_t group = item % groups;
    const float* x = in[0].data.data() + item * part.channels * part.height * part.width;
    float* y = out[0].data.data() + item * outputs * pixels;
    for (std::int64_t first = 0; first < pixels; first += kPixels) {
      const std::int64_t count = std::min(kPixels, pixels - first);
      lay_out(x, part, window, to.width, first, count, patches.data());
      floatops::multiply({in[1].data.data() + group * outputs * depth, depth, 1},
                         {patches.data(), count, 1}, outputs, depth, count,
                         bias == nullptr ? nullptr : bias + group * outputs, y + first, pixels);
    }
  }
}

// w [in, out / group, kh, kw]: every input element adds its patch to the output. Sums in double,
// over input channels and kernel positions.
void conv_transpose(const Attributes& attributes, std::span<const FloatInput> in,
                    std::span<const FloatOutput> out) {
  const Window window = floatops::window_of(attributes);
  const std::int64_t groups = attributes.integer("group");
  const Map from = map_of(in[0].shape), to = map_of(out[0].shape);
  const std::int64_t inputs = from.channels / groups, outputs = to.channels / groups;
  const std::int64_t taps = window.kernel[0] * window.kernel[1];
  const std::int64_t pixels = from.height * from.width;
  std::vector<float> patch(static_cast<std::size_t>(outputs * taps * pixels));
  std::vector<double> sums(static_cast<std::size_t>(outputs * to.height * to.width));
  for (std::int64_t item = 0; item < in[0].shape[0] * groups; ++item) {
    const std::int64_t group = item % groups;
    const float* x = in[0].data.data() + item * inputs * pixels;
    // patch[(o, i, j), pixel] = sum over input channels of w[c, o, i, j] * x[c, pixel].
    floatops::multiply({in[1].data.data() + group * inputs * outputs * taps, 1, outputs * taps},
                       {x, pixels, 1}, outputs * taps, inputs, pixels, nullptr, patch.data(),
                       pixels);
    std::fill(sums.begin(), sums.end(), 0.0);
    const float* next = patch.data();
    for (std::int64_t o = 0; o < outputs; ++o) {
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t top = tap / window.kernel[1] * window.dilations[0] - window.before[0];
        const std::int64_t left = tap % window.kernel[1] * window.dilations[1] - window.before[1];
        for (std::int64_t p = 0; p < pixels; ++p, ++next) {
          const std::int64_t row = p / from.width * window.strides[0] + top;
          const std::int64_t column = p % from.width * window.strides[1] + left;
          if (row < 0 || row >= to.height || column < 0 || column >= to.width) continue;
          sums[static_cast<std::size_t>((o * to.height + row) * to.width + column)] +=
              static_cast<double>(*next);
        }
      }
    }
    float* y = out[0].data.data() + item * outputs * to.height * to.width;
    for (std::int64_t i = 0; i < outputs * to.height * to.width; ++i) {
      const std::int64_t channel = group * outputs + i / (to.height * to.width);
      const double bias = in.size() > 2 && in[2].given()
                              ? static_cast<double>(in[2].data[static_cast<std::size_t>(channel)])
                              : 0.0;
      y[i] = static_cast<float>(bias + sums[static_cast<std::size_t>(i)]);
    }
  }
}

}  // namespace

floatops::FloatOpFamily conv_float_op() {
  return {FloatOp{.type = "Conv", .run = conv},
          FloatOp{.type = "ConvTranspose", .run = conv_transpose}};
}

}  // namespace gradus
