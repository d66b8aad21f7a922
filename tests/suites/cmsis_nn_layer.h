// A convolution, depthwise convolution or fully connected layer of the suite, in one form.
#pragma once

#include "tests/suites/cmsis_nn.h"

namespace gradus::cmsis_nn {

struct Layer {
  std::int64_t in_h = 1, in_w = 1, in_c = 1;
  std::int64_t out_h = 1, out_w = 1, out_c = 1;
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  std::int64_t groups = 1;
  int input_bits = 8;
  int weight_bits = 8;
  std::vector<std::int32_t> weights;  // [out, kernel_h, kernel_w, in / groups]
  std::int32_t weight_zero_point = 0;
  std::vector<std::int32_t> bias;  // [out]
  bool wide_bias = false;          // of 64 bits: another requantization (see README of the suite)
  std::vector<std::int32_t> multiplier, shift;  // one, or one a channel
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  std::int32_t low = 0, high = 0;

  std::int64_t taps() const { return kernel_h * kernel_w * (in_c / groups); }
  QConv conv() const;
};

enum class LayerKind { kConv, kDepthwise, kFullyConnected };

// Where a network's layer has its values: keys begin with `keys`, arrays with `arrays`. A case of
// one layer has both empty.
Layer read_layer(const SuiteCase& c, LayerKind kind, int input_bits, int weight_bits,
                 const std::string& keys, const std::string& arrays);

// The codes [batch, out_h, out_w, out_c] by plain loops and quant's scalar functions. Throws
// std::runtime_error if an accumulator passes int32.
std::vector<std::int32_t> scalar_codes(const Layer& layer, std::span<const std::int32_t> input);

}  // namespace gradus::cmsis_nn
