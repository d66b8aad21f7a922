#include "gradus/train/linear_codes.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdlib>

#include "gradus/base/check.h"
#include "gradus/train/code_loops.h"

namespace gradus {
namespace {

constexpr std::int64_t kExactFloat = std::int64_t{1} << 24;
constexpr std::int64_t kRowsGrain = 16384;

std::span<const float> floats_of(const Value* value) {
  return value == nullptr ? std::span<const float>() : value->constant->as<float>();
}

// The largest |partial sum| of any channel, the bias apart.
std::int64_t largest_sum(const IntegerLinear& layer, const ActivationQuantizer& input) {
  const std::size_t channels = layer.zero_point.size();
  const std::size_t taps = layer.codes.size() / channels;
  const std::int64_t reach =
      std::max(input.grid.quant_max - input.zero_point, input.zero_point - input.grid.quant_min);
  std::int64_t largest = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < taps; ++k) {
      sum += std::abs(layer.codes[c * taps + k] - layer.zero_point[c]);
    }
    largest = std::max(largest, sum * reach);
  }
  return largest;
}

}  // namespace

IntegerLinear integer_linear_of(const CodeContext& context, const Node& node) {
  const LinearConstants constants = linear_constants(context.graph, node);
  const ChannelAffine affine = channel_affine(floats_of(constants.bias), floats_of(constants.gamma),
                                              floats_of(constants.beta), floats_of(constants.mean),
                                              floats_of(constants.variance), constants.epsilon);
  const Tensor& weights = *constants.weights->constant;
  const Quantizer& quantizer =
      context.graph.quantizers.at(static_cast<std::size_t>(constants.weights->quantizer));
  LinearLayer layer;
  layer.weights = weights.as<float>();
  layer.channels = weights.shape().at(0);
  layer.taps = weights.size() / layer.channels;
  layer.spec = quantizer.spec;
  layer.parameters = quantizer.parameters;
  layer.gain = affine.gain;
  layer.offset = affine.offset;
  if (constants.bias_codes != nullptr) {
    layer.bias = constants.bias_codes->constant->as<std::int32_t>();
  }
  return make_integer_linear(layer, context.quantizer(node.inputs.at(0)),
                             "node '" + node.name + "'");
}

LinearCodes::LinearCodes(const CodeContext& context, const Node& node) {
  IntegerLinear layer = integer_linear_of(context, node);
  const bool wide = largest_sum(layer, context.quantizer(node.inputs[0])) >= kExactFloat;
  const Shape& shape = context.graph.value(node.inputs[1]).constant->shape();
  const std::size_t taps = layer.codes.size() / layer.zero_point.size();
  at::Tensor codes = at::empty(shape, wide ? at::kDouble : at::kFloat);
  AT_DISPATCH_FLOATING_TYPES(codes.scalar_type(), "gradus_weight_codes", [&] {
    auto* to = codes.mutable_data_ptr<scalar_t>();
    for (std::size_t i = 0; i < layer.codes.size(); ++i) {
      to[i] = static_cast<scalar_t>(layer.codes[i] - layer.zero_point[i / taps]);
    }
  });
  weights_ = shape.size() == 4 ? codes.contiguous(at::MemoryFormat::ChannelsLast) : codes;
  bias_ = std::move(layer.bias);
  clamp_ = fused_clamp(node);
  const ValueId out = node.outputs.at(0);
  to_codes_ = context.is_codes(out);
  if (to_codes_) {
    const ActivationQuantizer output = context.quantizer(out);
    const CodeRange range = context.output_codes(node);
    requantizer_ = make_requantizer(context.profile, layer.accumulator_scale, output.scale,
                                    output.zero_point, range.low, range.high);
  } else {
    for (double unit : layer.accumulator_scale) unit_.push_back(static_cast<float>(unit));
  }
}

at::Tensor LinearCodes::cast(const at::Tensor& x) const { return x.to(weights_.scalar_type()); }

at::Tensor LinearCodes::finish(const at::Tensor& sums) const {
  const at::Tensor acc =
      sums.dim() == 4 ? sums.contiguous(at::MemoryFormat::ChannelsLast) : sums.contiguous();
  const std::int64_t channels = acc.size(1);
  check(channels == static_cast<std::int64_t>(bias_.size()), "sums of another number of channels");
  at::Tensor result = at::empty_like(acc, acc.options().dtype(at::kFloat));
  float* to = result.mutable_data_ptr<float>();
  AT_DISPATCH_FLOATING_TYPES(acc.scalar_type(), "gradus_output_stage", [&] {
    const auto* from = acc.const_data_ptr<scalar_t>();
    const std::int64_t grain = std::max<std::int64_t>(1, kRowsGrain / channels);
    at::parallel_for(0, acc.numel() / channels, grain, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t at = begin * channels;
      if (to_codes_) {
        requantize_rows(from + at, bias_.data(), to + at, end - begin, channels, requantizer_);
      } else {
        scale_rows(from + at, bias_.data(), to + at, end - begin, channels, unit_.data(),
                   clamp_.min, clamp_.max);
      }
    });
  });
  return result;
}

}  // namespace gradus
