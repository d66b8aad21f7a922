#include "tests/suites/cmsis_nn_layer.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "gradus/quant/requantize.h"

namespace gradus::cmsis_nn {
namespace {

// Reads keys and arrays under a network's prefixes.
struct Source {
  const SuiteCase& c;
  const std::string& keys;
  const std::string& arrays;

  std::int64_t integer(const char* key) const { return c.integer(keys + key); }
  std::int64_t integer_or(const char* key, std::int64_t otherwise) const {
    return c.integer_or(keys + key, otherwise);
  }
  bool has(std::initializer_list<const char*> names) const {
    return std::any_of(names.begin(), names.end(),
                       [&](const char* n) { return c.has_array(arrays + n); });
  }
  SuiteArray array(std::initializer_list<const char*> names) const {
    for (const char* n : names) {
      if (c.has_array(arrays + n)) return c.array(arrays + n);
    }
    throw std::runtime_error(c.name() + ": has no " + arrays + *names.begin() + ".npy");
  }
};

// Two codes a byte, the low nibble first.
std::vector<std::int32_t> unpack_nibbles(const std::vector<std::int32_t>& bytes,
                                         std::size_t count) {
  if (bytes.size() != (count + 1) / 2) throw std::runtime_error("weights do not fit their shape");
  std::vector<std::int32_t> codes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t nibble = (bytes[i / 2] >> (i % 2 == 0 ? 0 : 4)) & 15;
    codes[i] = nibble >= 8 ? nibble - 16 : nibble;
  }
  return codes;
}

void read_weights(const Source& from, LayerKind kind, Layer& layer) {
  const auto count = static_cast<std::size_t>(layer.taps() * layer.out_c);
  std::vector<std::int32_t> stored = from.array({"weights", "input_weights"}).integers();
  if (layer.weight_bits == 4) stored = unpack_nibbles(stored, count);
  if (stored.size() != count) throw std::runtime_error("weights do not fit their shape");
  if (kind != LayerKind::kDepthwise) {
    layer.weights = stored;
    return;
  }
  // [kernel_h, kernel_w, out]
  const auto out = static_cast<std::size_t>(layer.out_c);
  const std::size_t taps = count / out;
  layer.weights.resize(count);
  for (std::size_t i = 0; i < count; ++i) layer.weights[i % out * taps + i / out] = stored[i];
}

void read_bias(const Source& from, Layer& layer) {
  layer.bias.assign(static_cast<std::size_t>(layer.out_c), 0);
  if (!from.has({"biases", "bias", "input_bias"})) return;
  const SuiteArray bias = from.array({"biases", "bias", "input_bias"});
  layer.wide_bias = bias.type == "<i8";
  if (layer.wide_bias) return;
  layer.bias = bias.integers();
  if (layer.bias.size() != static_cast<std::size_t>(layer.out_c)) {
    throw std::runtime_error("biases do not fit the channels");
  }
}

void read_window(const Source& from, LayerKind kind, Layer& layer) {
  layer.in_h = from.integer("INPUT_H");
  layer.in_w = from.integer("INPUT_W");
  layer.in_c = from.integer("IN_CH");
  layer.out_h = from.integer("OUTPUT_H");
  layer.out_w = from.integer("OUTPUT_W");
  layer.kernel_h = from.integer("FILTER_Y");
  layer.kernel_w = from.integer("FILTER_X");
  layer.stride_h = from.integer("STRIDE_Y");
  layer.stride_w = from.integer("STRIDE_X");
  layer.dilation_h = from.integer_or("DILATION_Y", 1);
  layer.dilation_w = from.integer_or("DILATION_X", 1);
  layer.pad_top = from.integer("PAD_Y");
  layer.pad_left = from.integer("PAD_X");
  layer.groups = kind == LayerKind::kDepthwise
                     ? layer.in_c
                     : layer.in_c / from.integer_or("FILTER_CH", layer.in_c);
}

std::int64_t accumulate(const Layer& l, std::span<const std::int32_t> image, std::int64_t o,
                        std::int64_t y, std::int64_t x) {
  const std::int64_t depth = l.in_c / l.groups;
  const std::int64_t first = o / (l.out_c / l.groups) * depth;
  const std::int32_t* w = l.weights.data() + o * l.taps();
  std::int64_t acc = l.bias[static_cast<std::size_t>(o)];
  for (std::int64_t ky = 0; ky < l.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < l.kernel_w; ++kx, w += depth) {
      const std::int64_t row = y * l.stride_h + ky * l.dilation_h - l.pad_top;
      const std::int64_t column = x * l.stride_w + kx * l.dilation_w - l.pad_left;
      if (row < 0 || row >= l.in_h || column < 0 || column >= l.in_w) continue;
      const std::int32_t* in = image.data() + (row * l.in_w + column) * l.in_c + first;
      for (std::int64_t i = 0; i < depth; ++i) {
        acc += std::int64_t{w[i] - l.weight_zero_point} * (in[i] - l.input_zero_point);
      }
    }
  }
  return acc;
}

}  // namespace

QConv Layer::conv() const {
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  QConv op;
  op.kernel_h = narrow(kernel_h);
  op.kernel_w = narrow(kernel_w);
  op.stride_h = narrow(stride_h);
  op.stride_w = narrow(stride_w);
  op.dilation_h = narrow(dilation_h);
  op.dilation_w = narrow(dilation_w);
  op.pad_top = narrow(pad_top);
  op.pad_left = narrow(pad_left);
  op.pad_bottom = padding_after(in_h, out_h, kernel_h, stride_h, dilation_h, pad_top);
  op.pad_right = padding_after(in_w, out_w, kernel_w, stride_w, dilation_w, pad_left);
  op.groups = narrow(groups);
  const std::int32_t half = std::int32_t{1} << (weight_bits - 1);
  op.weights = {weight_bits, {-half, half - 1, false}, weights, {weight_zero_point}};
  op.bias = bias;
  for (std::size_t i = 0; i < multiplier.size(); ++i) {
    op.output.accumulator_scale.push_back(unit_of(multiplier[i], shift[i]));
  }
  op.output.low = low;
  op.output.high = high;
  return op;
}

Layer read_layer(const SuiteCase& c, LayerKind kind, int input_bits, int weight_bits,
                 const std::string& keys, const std::string& arrays) {
  const Source from{c, keys, arrays};
  Layer layer;
  layer.input_bits = input_bits;
  layer.weight_bits = weight_bits;
  layer.out_c = from.integer("OUT_CH");
  if (kind == LayerKind::kFullyConnected) {
    layer.in_c = from.integer("ACCUMULATION_DEPTH");
  } else {
    read_window(from, kind, layer);
  }
  read_weights(from, kind, layer);
  read_bias(from, layer);
  layer.weight_zero_point = static_cast<std::int32_t>(-from.integer_or("FILTER_OFFSET", 0));
  layer.input_zero_point = static_cast<std::int32_t>(-from.integer("INPUT_OFFSET"));
  layer.output_zero_point = static_cast<std::int32_t>(from.integer("OUTPUT_OFFSET"));
  layer.low = static_cast<std::int32_t>(from.integer("OUT_ACTIVATION_MIN"));
  layer.high = static_cast<std::int32_t>(from.integer("OUT_ACTIVATION_MAX"));
  if (from.has({"output_mult", "output_multiplier"})) {
    layer.multiplier = from.array({"output_mult", "output_multiplier"}).integers();
    layer.shift = from.array({"output_shift"}).integers();
  } else {
    layer.multiplier = {static_cast<std::int32_t>(from.integer("OUTPUT_MULTIPLIER"))};
    layer.shift = {static_cast<std::int32_t>(from.integer("OUTPUT_SHIFT"))};
  }
  const std::size_t scales = layer.multiplier.size();
  if (scales != layer.shift.size() ||
      (scales != 1 && scales != static_cast<std::size_t>(layer.out_c))) {
    throw std::runtime_error(c.name() + ": the multipliers do not fit the channels");
  }
  return layer;
}

std::vector<std::int32_t> scalar_codes(const Layer& l, std::span<const std::int32_t> input) {
  Requantizer requantizer;
  requantizer.profile = Profile::kFixed31;
  for (std::size_t i = 0; i < l.multiplier.size(); ++i) {
    requantizer.fixed.push_back({l.multiplier[i], l.shift[i]});
  }
  requantizer.zero_point = l.output_zero_point;
  requantizer.low = l.low;
  requantizer.high = l.high;
  const auto image = static_cast<std::size_t>(l.in_h * l.in_w * l.in_c);
  if (input.empty() || input.size() % image != 0) {
    throw std::runtime_error("the input does not fit its shape");
  }
  std::vector<std::int32_t> codes;
  for (std::size_t n = 0; n < input.size(); n += image) {
    for (std::int64_t y = 0; y < l.out_h; ++y) {
      for (std::int64_t x = 0; x < l.out_w; ++x) {
        for (std::int64_t o = 0; o < l.out_c; ++o) {
          const std::int64_t acc = accumulate(l, input.subspan(n, image), o, y, x);
          if (acc != static_cast<std::int32_t>(acc)) {
            throw std::runtime_error("an accumulator passes 32 bits");
          }
          codes.push_back(requantizer(static_cast<std::int32_t>(acc), static_cast<std::size_t>(o)));
        }
      }
    }
  }
  return codes;
}

}  // namespace gradus::cmsis_nn
