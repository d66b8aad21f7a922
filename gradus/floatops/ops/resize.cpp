// Resize along every axis, one axis after the other, in double. The coordinates and weights are
// those of ONNX's Resize (opset 19) and of its reference implementation.
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

// How one axis is resized.
struct Axis {
  std::int64_t in, out;
  double scale;
  double length;         // scale * in: need not be whole where the scale was given
  double start, finish;  // region of interest, in parts of the axis
};

// Where output index `x` lies in the input.
double coordinate(const std::string& mode, const Axis& axis, double x) {
  const auto last = static_cast<double>(axis.in - 1);
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "align_corners") return axis.length == 1.0 ? 0.0 : x * last / (axis.length - 1.0);
  if (mode == "tf_crop_and_resize") {
    const double span = (axis.finish - axis.start) * last;
    return axis.start * last + (axis.length == 1.0 ? span / 2.0 : x * span / (axis.length - 1.0));
  }
  if (mode == "pytorch_half_pixel" && axis.length == 1.0) return 0.0;
  const double half = (x + 0.5) / axis.scale - 0.5;
  if (mode != "half_pixel_symmetric") return half;
  const double adjustment = static_cast<double>(axis.out) / axis.length;
  return static_cast<double>(axis.in) / 2.0 * (1.0 - adjustment) + half;
}

// The cubic of Keys (1981) with parameter a, at distance x.
double cubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
  return 0.0;
}

// Weights of the inputs first, first + 1, ... for one output.
struct Taps {
  std::int64_t first;
  std::vector<double> weights;
};

Taps nearest_taps(const std::string& rule, double x) {
  const double below = std::floor(x);
  const double ratio = x - below;
  const bool up = rule == "ceil"                 ? ratio > 0.0
                  : rule == "floor"              ? false
                  : rule == "round_prefer_floor" ? ratio > 0.5
                                                 : ratio >= 0.5;
  return {static_cast<std::int64_t>(below) + (up ? 1 : 0), {1.0}};
}

// A filter of radius 1 (linear) or 2 (cubic); antialias stretches it where the axis shrinks.
Taps filter_taps(const Attributes& attributes, const Axis& axis, double x) {
  const bool is_linear = attributes.text("mode") == "linear";
  const bool antialias = attributes.integer("antialias") == 1;
  const double squeeze = antialias ? std::min(axis.scale, 1.0) : 1.0;
  const double a = attributes.real("cubic_coeff_a");
  const double base = std::ceil(x) - 1.0;  // the pixel on the left is preferred
  const double radius = is_linear ? 1.0 : 2.0;
  const auto start = static_cast<std::int64_t>(std::floor(-radius / squeeze)) + 1;
  Taps taps{static_cast<std::int64_t>(base) + start, {}};
  double sum = 0.0;
  for (std::int64_t i = start; i < 2 - start; ++i) {
    const double distance = squeeze * (static_cast<double>(i) - (x - base));
    const double weight = is_linear ? std::max(0.0, 1.0 - std::abs(distance)) : cubic(distance, a);
    taps.weights.push_back(weight);
    sum += weight;
  }
  if (antialias) {
    for (double& weight : taps.weights) weight /= sum;
  }
  return taps;
}

Taps taps_at(const Attributes& attributes, const Axis& axis, double x) {
  const std::string& mode = attributes.text("mode");
  if (mode == "nearest") return nearest_taps(attributes.text("nearest_mode"), x);
  Taps taps = filter_taps(attributes, axis, x);
  if (attributes.integer("exclude_outside") == 1) {
    double sum = 0.0;
    for (std::size_t i = 0; i < taps.weights.size(); ++i) {
      const std::int64_t at = taps.first + static_cast<std::int64_t>(i);
      if (at < 0 || at >= axis.in) taps.weights[i] = 0.0;
      sum += taps.weights[i];
    }
    for (double& weight : taps.weights) weight /= sum;
  }
  return taps;
}

// One axis of `from`, seen as [outer, axis, inner].
void resize_axis(const Attributes& attributes, const Axis& axis, std::int64_t outer,
                 std::int64_t inner, const std::vector<double>& from, std::vector<double>& to) {
  const std::string& rule = attributes.text("coordinate_transformation_mode");
  const double outside = attributes.real("extrapolation_value");
  to.assign(static_cast<std::size_t>(outer * axis.out * inner), 0.0);
  for (std::int64_t j = 0; j < axis.out; ++j) {
    const double x = coordinate(rule, axis, static_cast<double>(j));
    const bool beyond =
        rule == "tf_crop_and_resize" && (x < 0.0 || x > static_cast<double>(axis.in - 1));
    const Taps taps = beyond ? Taps{0, {}} : taps_at(attributes, axis, x);
    for (std::int64_t o = 0; o < outer; ++o) {
      double* row = to.data() + (o * axis.out + j) * inner;
      if (beyond) std::fill(row, row + inner, outside);
      for (std::size_t t = 0; t < taps.weights.size(); ++t) {
        const std::int64_t index =
            std::clamp<std::int64_t>(taps.first + static_cast<std::int64_t>(t), 0, axis.in - 1);
        const double* source = from.data() + (o * axis.in + index) * inner;
        for (std::int64_t i = 0; i < inner; ++i) row[i] += taps.weights[t] * source[i];
      }
    }
  }
}

void resize(const Attributes& attributes, std::span<const FloatInput> in,
            std::span<const FloatOutput> out) {
  Shape shape = in[0].shape;
  const auto& scales = attributes.reals("scales");
  const auto& roi = attributes.reals("roi");
  std::vector<double> from(in[0].data.begin(), in[0].data.end()), to;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    Axis axis{shape[i], out[0].shape[i], 0.0, 0.0, 0.0, 1.0};
    axis.scale = scales.empty() ? static_cast<double>(axis.out) / static_cast<double>(axis.in)
                                : static_cast<double>(scales[i]);
    axis.length =
        scales.empty() ? static_cast<double>(axis.out) : axis.scale * static_cast<double>(axis.in);
    if (!roi.empty()) axis.start = roi[i], axis.finish = roi[shape.size() + i];
    const bool whole = axis.start == 0.0 && axis.finish == 1.0;
    if (axis.in == axis.out && axis.scale == 1.0 && whole) continue;
    resize_axis(attributes, axis, floatops::product(shape, 0, i),
                floatops::product(shape, i + 1, shape.size()), from, to);
    from.swap(to);
    shape[i] = axis.out;
  }
  for (std::size_t i = 0; i < from.size(); ++i) out[0].data[i] = static_cast<float>(from[i]);
}

}  // namespace

floatops::FloatOpFamily resize_float_op() { return {FloatOp{.type = "Resize", .run = resize}}; }

}  // namespace gradus
