// MaxPool, AveragePool and the global pools.
#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/floatops/cells.h"
#include "gradus/floatops/float_op.h"
#include "gradus/floatops/pool.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

void max_pool(const Attributes& attributes, std::span<const FloatInput> in,
              std::span<const FloatOutput> out) {
  floatops::max_pool(floatops::window_of(attributes), in[0].data.data(), in[0].shape,
                     out[0].data.data(), nullptr, out[0].shape);
}

// Padding counts in the divisor where count_include_pad is 1.
void average_pool(const Attributes& attributes, std::span<const FloatInput> in,
                  std::span<const FloatOutput> out) {
  const floatops::Window window = floatops::window_of(attributes);
  const bool padding = attributes.integer("count_include_pad") == 1;
  const auto whole = static_cast<double>(window.kernel[0] * window.kernel[1]);
  float* to = out[0].data.data();
  floatops::for_each_window(window, in[0].shape, out[0].shape, [&](const floatops::Place& place) {
    double sum = 0.0;
    std::int64_t count = 0;
    place.visit([&](std::int64_t at) {
      sum += static_cast<double>(in[0].data[static_cast<std::size_t>(at)]);
      ++count;
    });
    *to++ = static_cast<float>(sum / (padding ? whole : static_cast<double>(count)));
  });
}

// One number for each plane: everything after the second axis.
template <typename Function>
void over_planes(const FloatInput& in, const FloatOutput& out, const Function& function) {
  const std::int64_t size = floatops::product(in.shape, 2, in.shape.size());
  for (std::size_t plane = 0; plane < out.data.size(); ++plane) {
    out.data[plane] = function(
        in.data.subspan(plane * static_cast<std::size_t>(size), static_cast<std::size_t>(size)));
  }
}

void global_average_pool(const Attributes&, std::span<const FloatInput> in,
                         std::span<const FloatOutput> out) {
  over_planes(in[0], out[0], [](std::span<const float> plane) {
    double sum = 0.0;
    for (float x : plane) sum += static_cast<double>(x);
    return static_cast<float>(sum / static_cast<double>(plane.size()));
  });
}

void global_max_pool(const Attributes&, std::span<const FloatInput> in,
                     std::span<const FloatOutput> out) {
  over_planes(in[0], out[0], [](std::span<const float> plane) {
    float largest = -std::numeric_limits<float>::infinity();
    for (float x : plane) largest = x > largest || std::isnan(x) ? x : largest;
    return largest;
  });
}

}  // namespace

floatops::FloatOpFamily pool_float_op() {
  return {FloatOp{.type = "MaxPool", .run = max_pool},
          FloatOp{.type = "AveragePool", .run = average_pool},
          FloatOp{.type = "GlobalAveragePool", .run = global_average_pool},
          FloatOp{.type = "GlobalMaxPool", .run = global_max_pool}};
}

}  // namespace gradus
