// The integers of a linear operator (convolution, fully connected): one function computes them for
// evaluation during training, for conversion and for tests, so that they cannot disagree.
// docs/numerics.md section 4.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/quant/quantizer.h"

namespace gradus {

// The quantizer of a tensor of activations (per tensor).
struct ActivationQuantizer {
  Grid grid;
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  bool operator==(const ActivationQuantizer&) const = default;
};

// y[c] = gain[c] * sum_k w[c, k] * x[k] + offset[c], in reals.
struct LinearLayer {
  std::span<const float> weights;  // [channels, taps], row-major
  std::int64_t channels = 0;
  std::int64_t taps = 0;  // products in one output: kernel_h * kernel_w * in_c / groups
  QuantizerSpec spec;     // of the weights; per_channel means one scale a row
  QuantizationParameters parameters;
  std::span<const float> gain;    // [channels], a batch norm kept out of the weights; empty = 1
  std::span<const float> offset;  // [channels]; empty = 0
  // [channels], a bias that is integers already, in the accumulator's unit; then there is no
  // offset.
  std::span<const std::int32_t> bias = {};
};

struct IntegerLinear {
  std::vector<std::int32_t> codes;        // [channels, taps], on the grid
  std::vector<std::int32_t> zero_point;   // [channels], of the weights
  std::vector<std::int32_t> bias;         // [channels], in units of accumulator_scale
  std::vector<double> accumulator_scale;  // [channels]; input scale * weight scale * gain
  std::vector<float> weight_scale;        // [channels], after any enlargement
  std::vector<float> step;  // [channels], weight scale * gain: what a weight code is worth
  std::int64_t largest_accumulator = 0;  // proven bound of |any partial sum|, any channel
};

// The largest |partial sum| that an input can cause in one output channel, the bias added first or
// last, in the two forms that kernels add in: codes with the zero point taken off, and stored codes
// (code - quant_min) with the zero point moved into the bias. Exact int32 arithmetic needs at most
// 2^31 - 1.
//   codes  the channel's weights, each within 2^9 of zero_point, at most 2^40 of them
std::int64_t accumulator_bound(std::span<const std::int32_t> codes, std::int32_t zero_point,
                               std::int64_t bias, const ActivationQuantizer& input);

// Weight codes by (2), accumulator_scale by (8), bias = rint(offset / accumulator_scale). Where a
// bias would pass 2^30, the channel's weight scale is doubled until it fits, and its weights
// rounded anew (numerics.md (8)). Throws Error (kUnsupported), naming `where` and the channel, if a
// sum can pass int32 or a weight, gain or offset is not finite.
IntegerLinear make_integer_linear(const LinearLayer& layer, const ActivationQuantizer& input,
                                  const std::string& where);

}  // namespace gradus
