#include "gradus/convert/linear.h"

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/prepare/attributes.h"
#include "gradus/quant/integer_linear.h"

namespace gradus {
namespace {

std::span<const float> floats(const Value* value) {
  return value == nullptr ? std::span<const float>{} : value->constant->as<float>();
}

// One entry where all are the same.
template <typename T>
std::vector<T> shortest(std::vector<T> items) {
  const bool same =
      std::all_of(items.begin(), items.end(), [&](T item) { return item == items[0]; });
  if (same) items.resize(1);
  return items;
}

void check_lengths(const Node& node, const LinearConstants& c, std::int64_t channels) {
  for (const Value* value : {c.bias, c.bias_codes, c.gamma, c.beta, c.mean, c.variance}) {
    if (value != nullptr && value->constant->size() != channels) {
      refuse_node(node, "'" + value->name + "' has " + std::to_string(value->constant->size()) +
                            " entries; expected one for each of " + std::to_string(channels) +
                            " output channels");
    }
  }
}

}  // namespace

LoweredLinear lower_linear(const LoweringContext& context, const Node& node) {
  const Graph& graph = context.graph();
  const LinearConstants c = linear_constants(graph, node);
  const std::int64_t channels = c.weights->constant->shape().at(0);
  check_lengths(node, c, channels);
  const ChannelAffine affine = channel_affine(floats(c.bias), floats(c.gamma), floats(c.beta),
                                              floats(c.mean), floats(c.variance), c.epsilon);
  const Quantizer& quantizer = graph.quantizers[static_cast<std::size_t>(c.weights->quantizer)];
  check(!quantizer.spec.per_channel || quantizer.spec.axis == 0, "weights quantized along axis 0");
  LinearLayer layer;
  layer.weights = floats(c.weights);
  layer.channels = channels;
  layer.taps = c.weights->constant->size() / channels;
  layer.spec = quantizer.spec;
  layer.parameters = quantizer.parameters;
  layer.gain = affine.gain;
  layer.offset = affine.offset;
  if (c.bias_codes != nullptr) layer.bias = c.bias_codes->constant->as<std::int32_t>();
  const QTensor& in = context.input(node);
  IntegerLinear integer = make_integer_linear(layer, {in.grid, in.scale, in.zero_point},
                                              "node '" + node.name + "' (" + node.op + ")");
  LoweredLinear result;
  result.weights = {quantizer.spec.bits, quantizer.spec.grid(), std::move(integer.codes),
                    shortest(std::move(integer.zero_point))};
  result.bias = std::move(integer.bias);
  result.output.accumulator_scale = shortest(std::move(integer.accumulator_scale));
  const Clamp clamp = fused_clamp(node);
  if (context.output_quantizer(node) == nullptr) {
    result.output.float_low = clamp.min;
    result.output.float_high = clamp.max;
  } else {
    const CodeRange range = context.output_codes(node, clamp);
    result.output.low = range.low;
    result.output.high = range.high;
  }
  return result;
}

}  // namespace gradus
