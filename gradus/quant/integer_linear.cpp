#include "gradus/quant/integer_linear.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr double kLargestBias = 0x1p30;

struct Unit {
  double accumulator;  // numerics.md (8)
  float scale;         // of the weights
  float step;          // scale * gain
  bool silent;         // the channel is its offset alone
};

// A step with which the accumulator can hold an offset that stands alone. Binary weights cannot be
// zero: a unit so small beside the offset that their sum does not count.
float silent_step(float input_scale, double offset, const Grid& grid) {
  const double fraction = grid.binary ? 0x1p-30 : 0x1p-20;
  const double unit = std::max(std::fabs(offset) * fraction, 0x1p-100);
  return static_cast<float>(std::clamp(unit / static_cast<double>(input_scale), 0x1p-126,
                                       static_cast<double>(std::numeric_limits<float>::max())));
}

Unit choose_unit(float weight_scale, float input_scale, double gain, double offset,
                 const Grid& grid) {
  const auto step_of = [&](float scale) { return static_cast<float>(scale * gain); };
  const auto unit_of = [&](float step) {
    return static_cast<double>(input_scale) * static_cast<double>(step);
  };
  if (step_of(weight_scale) == 0.0f) {
    const float step = silent_step(input_scale, offset, grid);
    return {unit_of(step), weight_scale, step, true};
  }
  float scale = weight_scale;
  while (std::fabs(offset / unit_of(step_of(scale))) > kLargestBias) scale *= 2.0f;
  return {unit_of(step_of(scale)), scale, step_of(scale), false};
}

[[noreturn]] void refuse(const std::string& where, std::size_t channel, const std::string& text) {
  throw Error(ErrorCode::kUnsupported, where + ": channel " + std::to_string(channel) + " " + text);
}

}  // namespace

std::int64_t accumulator_bound(std::span<const std::int32_t> codes, std::int32_t zero_point,
                               std::int64_t bias, const ActivationQuantizer& input) {
  std::int64_t positive = 0;
  std::int64_t negative = 0;
  for (std::int32_t code : codes) {
    const std::int32_t weight = code - zero_point;
    (weight > 0 ? positive : negative) += weight;
  }
  const std::int64_t stored_max = input.grid.quant_max - input.grid.quant_min;
  const std::int64_t zero = input.zero_point - input.grid.quant_min;
  const std::int64_t moved = bias - zero * (positive + negative);
  // Sums of stored codes, from the moved bias; with the zero point taken off and from the bias they
  // are among these, a tap that is not yet added standing at the zero point.
  const std::int64_t with_bias =
      std::max(std::abs(moved + stored_max * positive), std::abs(moved + stored_max * negative));
  const std::int64_t stored = stored_max * std::max(positive, -negative);
  const std::int64_t direct = std::max((stored_max - zero) * positive - zero * negative,
                                       zero * positive - (stored_max - zero) * negative);
  return std::max({with_bias, stored, direct});
}

IntegerLinear make_integer_linear(const LinearLayer& layer, const ActivationQuantizer& input,
                                  const std::string& where) {
  const auto channels = static_cast<std::size_t>(layer.channels);
  const auto taps = static_cast<std::size_t>(layer.taps);
  check(layer.weights.size() == channels * taps, "weights do not match channels * taps");
  const std::size_t scales = layer.spec.per_channel ? channels : 1;
  check(layer.parameters.scale.size() == scales && layer.parameters.zero_point.size() == scales,
        "weight quantizer does not match the channels");
  check(layer.gain.empty() || layer.gain.size() == channels, "gains do not match the channels");
  check(layer.offset.empty() || layer.offset.size() == channels,
        "offsets do not match the channels");
  check(layer.bias.empty() || (layer.bias.size() == channels && layer.offset.empty()),
        "integer biases do not match the channels, or there is an offset too");

  const Grid grid = layer.spec.grid();
  IntegerLinear result;
  result.codes.resize(channels * taps);
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t q = scales == 1 ? 0 : c;
    const double gain = layer.gain.empty() ? 1.0 : static_cast<double>(layer.gain[c]);
    const double offset = layer.offset.empty() ? 0.0 : static_cast<double>(layer.offset[c]);
    const std::int32_t zero_point = layer.parameters.zero_point[q];
    const auto weights = layer.weights.subspan(c * taps, taps);
    const bool finite =
        std::isfinite(gain) && std::isfinite(offset) &&
        std::all_of(weights.begin(), weights.end(), [](float w) { return std::isfinite(w); });
    if (!finite) refuse(where, c, "has a weight, gain or bias that is not a finite number");
    const Unit unit = choose_unit(layer.parameters.scale[q], input.scale, gain, offset, grid);
    if (!std::isfinite(unit.accumulator)) {
      refuse(where, c, "has a bias or a gain too large for its scales");
    }
    const auto row = std::span(result.codes).subspan(c * taps, taps);
    for (std::size_t k = 0; k < taps; ++k) {
      row[k] = unit.silent && !grid.binary ? zero_point
                                           : quantize(weights[k], unit.scale, zero_point, grid);
    }
    const double in_units = std::nearbyint(offset / unit.accumulator);
    if (std::fabs(in_units) > 0x1p31 - 1.0) refuse(where, c, "has a bias too large for its scales");
    const std::int64_t bias =
        layer.bias.empty() ? static_cast<std::int64_t>(in_units) : std::int64_t{layer.bias[c]};
    const std::int64_t bound = accumulator_bound(row, zero_point, bias, input);
    if (bound > std::numeric_limits<std::int32_t>::max()) {
      refuse(where, c,
             "has an accumulator that can reach " + std::to_string(bound) +
                 "; expected at most 2147483647: lower the bits of its weights or input");
    }
    result.zero_point.push_back(zero_point);
    result.weight_scale.push_back(unit.scale);
    result.step.push_back(unit.step);
    result.accumulator_scale.push_back(unit.accumulator);
    result.bias.push_back(static_cast<std::int32_t>(bias));
    result.largest_accumulator = std::max(result.largest_accumulator, bound);
  }
  return result;
}

}  // namespace gradus
