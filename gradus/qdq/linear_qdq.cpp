#include "gradus/qdq/linear_qdq.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/check.h"
#include "gradus/graph/fused.h"
#include "gradus/qdq/lifter.h"

namespace gradus::qdq {
namespace {

std::span<const float> floats(const Value* value) {
  return value == nullptr ? std::span<const float>{} : value->constant->as<float>();
}

ChannelAffine affine_of(const LinearConstants& c) {
  return channel_affine(floats(c.bias), floats(c.gamma), floats(c.beta), floats(c.mean),
                        floats(c.variance), c.epsilon);
}

// A channel whose step is below zero: the same reals with a step above it.
void reflect(LinearQdq& linear, std::size_t channel, std::size_t taps) {
  const Grid grid = linear.spec.grid();
  const auto row = std::span(linear.codes).subspan(channel * taps, taps);
  std::int32_t& zero = linear.zero_point[channel];
  const bool negates = zero == 0 && std::all_of(row.begin(), row.end(), [&](std::int32_t code) {
                         return -code >= grid.quant_min && -code <= grid.quant_max;
                       });
  // Otherwise the grid is read from its other end, the zero point with it.
  const std::int32_t sum = negates ? 0 : grid.quant_min + grid.quant_max;
  for (std::int32_t& code : row) code = sum - code;
  zero = sum - zero;
  linear.scale[channel] = -linear.scale[channel];
  if (!linear.bias.empty()) linear.bias[channel] = -linear.bias[channel];
}

}  // namespace

LinearQdq linear_qdq(const Graph& graph, const Node& node) {
  const LinearConstants c = linear_constants(graph, node);
  const ChannelAffine affine = affine_of(c);
  const Quantizer& weights = graph.quantizers.at(static_cast<std::size_t>(c.weights->quantizer));
  const Quantizer& input =
      graph.quantizers.at(static_cast<std::size_t>(graph.value(node.inputs[0]).quantizer));
  LinearLayer layer;
  layer.weights = floats(c.weights);
  layer.channels = c.weights->constant->shape().at(0);
  layer.taps = c.weights->constant->size() / layer.channels;
  layer.spec = weights.spec;
  layer.parameters = weights.parameters;
  layer.gain = affine.gain;
  layer.offset = affine.offset;
  if (c.bias_codes != nullptr) layer.bias = c.bias_codes->constant->as<std::int32_t>();
  const ActivationQuantizer x{input.spec.grid(), input.parameters.scale.at(0),
                              input.parameters.zero_point.at(0)};
  IntegerLinear integer =
      make_integer_linear(layer, x, "node '" + node.name + "' (" + node.op + ")");
  LinearQdq result{weights.spec,
                   std::move(integer.codes),
                   std::move(integer.step),
                   std::move(integer.zero_point),
                   {},
                   {}};
  if (!layer.offset.empty() || !layer.bias.empty()) result.bias = std::move(integer.bias);
  for (std::size_t channel = 0; channel < result.scale.size(); ++channel) {
    if (result.scale[channel] < 0.0f)
      reflect(result, channel, static_cast<std::size_t>(layer.taps));
    const float unit = x.scale * result.scale[channel];
    if (!(unit > 0.0f) || !std::isfinite(unit)) {
      refuse(node, "channel " + std::to_string(channel) +
                       " has scales whose product no float holds; it cannot be written as ONNX");
    }
    result.bias_scale.push_back(unit);
  }
  return result;
}

LinearFloat linear_float(const Graph& graph, const Node& node) {
  const LinearConstants c = linear_constants(graph, node);
  check(c.bias_codes == nullptr, "a bias of integers without the scales that give them a meaning");
  const ChannelAffine affine = affine_of(c);
  const auto weights = floats(c.weights);
  LinearFloat result{{weights.begin(), weights.end()}, affine.offset};
  const std::size_t taps =
      weights.size() / static_cast<std::size_t>(std::max<std::int64_t>(1, c.weights->shape->at(0)));
  if (c.weights->quantizer != kNoQuantizer) {
    const Quantizer& quantizer =
        graph.quantizers.at(static_cast<std::size_t>(c.weights->quantizer));
    const auto& [scale, zero] = quantizer.parameters;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const std::size_t q = scale.size() == 1 ? 0 : i / taps;
      const std::int32_t code =
          quantize(weights[i], scale.at(q), zero.at(q), quantizer.spec.grid());
      result.weights[i] = dequantize(code, scale[q], zero[q]);
    }
  }
  if (affine.gain.empty()) return result;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    result.weights[i] = static_cast<float>(static_cast<double>(result.weights[i]) *
                                           static_cast<double>(affine.gain[i / taps]));
  }
  return result;
}

}  // namespace gradus::qdq
