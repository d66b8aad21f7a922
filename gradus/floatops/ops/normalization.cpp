// BatchNormalization (inference), InstanceNormalization and LRN over channels, axis 1;
// LayerNormalization over the last axes.
#include <algorithm>
#include <cmath>

#include "gradus/floatops/cells.h"
#include "gradus/floatops/float_op.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

// y = (x - mean) * gain + beta for `count` neighbours, in double.
void normalize_plane(const float* x, float* y, std::int64_t count, double mean, double gain,
                     double beta) {
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = static_cast<float>((static_cast<double>(x[i]) - mean) * gain + beta);
  }
}

double at(const FloatInput& input, std::int64_t i) {
  return static_cast<double>(input.data[static_cast<std::size_t>(i)]);
}

// inputs {x, gamma, beta, mean, variance}.
void batch_normalization(const Attributes& attributes, std::span<const FloatInput> in,
                         std::span<const FloatOutput> out) {
  const Shape& shape = in[0].shape;
  const double epsilon = attributes.real("epsilon");
  const std::int64_t size = floatops::product(shape, 2, shape.size());
  for (std::int64_t plane = 0; plane < shape[0] * shape[1]; ++plane) {
    const std::int64_t channel = plane % shape[1];
    const double gain = at(in[1], channel) / std::sqrt(at(in[4], channel) + epsilon);
    normalize_plane(in[0].data.data() + plane * size, out[0].data.data() + plane * size, size,
                    at(in[3], channel), gain, at(in[2], channel));
  }
}

struct Statistics {
  double mean = 0.0, variance = 0.0;  // biased
};
Statistics statistics_of(const float* x, std::int64_t size) {
  Statistics found;
  for (std::int64_t i = 0; i < size; ++i) found.mean += static_cast<double>(x[i]);
  found.mean /= static_cast<double>(size);
  for (std::int64_t i = 0; i < size; ++i) {
    const double distance = static_cast<double>(x[i]) - found.mean;
    found.variance += distance * distance;
  }
  found.variance /= static_cast<double>(size);
  return found;
}

// inputs {x, scale, bias}: each plane by its own mean and variance.
void instance_normalization(const Attributes& attributes, std::span<const FloatInput> in,
                            std::span<const FloatOutput> out) {
  const Shape& shape = in[0].shape;
  const double epsilon = attributes.real("epsilon");
  const std::int64_t size = floatops::product(shape, 2, shape.size());
  for (std::int64_t plane = 0; plane < shape[0] * shape[1]; ++plane) {
    const float* x = in[0].data.data() + plane * size;
    const Statistics own = statistics_of(x, size);
    const std::int64_t channel = plane % shape[1];
    normalize_plane(x, out[0].data.data() + plane * size, size, own.mean,
                    at(in[1], channel) / std::sqrt(own.variance + epsilon), at(in[2], channel));
  }
}

// inputs {x, scale, bias}: the axes from `axis` on by their own mean and variance, each of their
// elements with its own scale and bias.
void layer_normalization(const Attributes& attributes, std::span<const FloatInput> in,
                         std::span<const FloatOutput> out) {
  const Shape& shape = in[0].shape;
  const double epsilon = attributes.real("epsilon");
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  const std::int64_t size = floatops::product(shape, axis, shape.size());
  for (std::int64_t row = 0; row < floatops::product(shape, 0, axis); ++row) {
    const float* x = in[0].data.data() + row * size;
    float* y = out[0].data.data() + row * size;
    const Statistics own = statistics_of(x, size);
    const double deviation = std::sqrt(own.variance + epsilon);
    for (std::int64_t i = 0; i < size; ++i) {
      const double distance = static_cast<double>(x[i]) - own.mean;
      y[i] = static_cast<float>(distance * (at(in[1], i) / deviation) + at(in[2], i));
    }
  }
}

// y = x / (bias + alpha / size * sum of squares of the channels around)^beta; channels from
// c - floor((size - 1) / 2) to c + ceil((size - 1) / 2).
void lrn(const Attributes& attributes, std::span<const FloatInput> in,
         std::span<const FloatOutput> out) {
  const Shape& shape = in[0].shape;
  const std::int64_t size = attributes.integer("size");
  const double alpha = attributes.real("alpha") / static_cast<double>(size);
  const double beta = attributes.real("beta"), bias = attributes.real("bias");
  const std::int64_t channels = shape[1], pixels = floatops::product(shape, 2, shape.size());
  for (std::int64_t item = 0; item < shape[0]; ++item) {
    const std::int64_t start = item * channels * pixels;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      const std::int64_t first = std::max<std::int64_t>(channel - (size - 1) / 2, 0);
      const std::int64_t last = std::min(channel + size / 2, channels - 1);
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        double squares = 0.0;
        for (std::int64_t other = first; other <= last; ++other) {
          const double x = at(in[0], start + other * pixels + pixel);
          squares += x * x;
        }
        const std::int64_t here = start + channel * pixels + pixel;
        out[0].data[static_cast<std::size_t>(here)] =
            static_cast<float>(at(in[0], here) / std::pow(bias + alpha * squares, beta));
      }
    }
  }
}

}  // namespace

floatops::FloatOpFamily normalization_float_op() {
  return {FloatOp{.type = "BatchNormalization", .run = batch_normalization},
          FloatOp{.type = "InstanceNormalization", .run = instance_normalization},
          FloatOp{.type = "LayerNormalization", .run = layer_normalization},
          FloatOp{.type = "LRN", .run = lrn}};
}

}  // namespace gradus
