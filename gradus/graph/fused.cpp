#include "gradus/graph/fused.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

const Value* constant_input(const Graph& graph, const Node& node, std::size_t i) {
  const ValueId id = node.input(i);
  if (id == kNoValue) return nullptr;
  const Value& value = graph.value(id);
  if (!value.constant || value.constant->dtype() != DType::kFloat32) {
    throw Error(ErrorCode::kUnsupported,
                "node '" + node.name + "' (" + node.op + "): input '" + value.name +
                    "' is not a constant float32 tensor; expected trained weights there");
  }
  return &value;
}

}  // namespace

Clamp fused_clamp(const Node& node) {
  Clamp clamp;
  clamp.min = node.real("activation_min", clamp.min);
  clamp.max = node.real("activation_max", clamp.max);
  return clamp;
}

void set_fused_clamp(Node& node, Clamp clamp) {
  node.attributes["activation_min"] = clamp.min;
  node.attributes["activation_max"] = clamp.max;
}

LinearConstants linear_constants(const Graph& graph, const Node& node) {
  LinearConstants result;
  result.weights = constant_input(graph, node, 1);
  if (result.weights == nullptr) {
    throw Error(ErrorCode::kUnsupported,
                "node '" + node.name + "' (" + node.op + "): has no weights");
  }
  const ValueId bias = node.input(2);
  if (bias != kNoValue && graph.value(bias).constant &&
      graph.value(bias).constant->dtype() == DType::kInt32) {
    result.bias_codes = &graph.value(bias);
  } else {
    result.bias = constant_input(graph, node, 2);
  }
  result.gamma = constant_input(graph, node, 3);
  result.beta = constant_input(graph, node, 4);
  result.mean = constant_input(graph, node, 5);
  result.variance = constant_input(graph, node, 6);
  const bool all = result.gamma && result.beta && result.mean && result.variance;
  const bool none = !result.gamma && !result.beta && !result.mean && !result.variance;
  check(all || none, "a separate batch norm needs gamma, beta, mean and variance");
  result.epsilon = node.real("bn_epsilon", 1e-5f);
  return result;
}

ChannelAffine channel_affine(std::span<const float> bias, std::span<const float> gamma,
                             std::span<const float> beta, std::span<const float> mean,
                             std::span<const float> variance, float epsilon) {
  ChannelAffine affine;
  if (gamma.empty()) {
    affine.offset.assign(bias.begin(), bias.end());
    return affine;
  }
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    const double deviation =
        std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(epsilon));
    const double gain = static_cast<double>(gamma[c]) / deviation;
    const double b = bias.empty() ? 0.0 : static_cast<double>(bias[c]);
    affine.gain.push_back(static_cast<float>(gain));
    affine.offset.push_back(static_cast<float>((b - static_cast<double>(mean[c])) * gain +
                                               static_cast<double>(beta[c])));
  }
  return affine;
}

CodeRange clamped_codes(const Quantizer& quantizer, Clamp clamp) {
  check(quantizer.parameters.scale.size() == 1, "activation quantizer without parameters");
  const Grid grid = quantizer.spec.grid();
  const float scale = quantizer.parameters.scale[0];
  const std::int32_t zero_point = quantizer.parameters.zero_point[0];
  return {std::max(grid.quant_min, quantize(clamp.min, scale, zero_point, grid)),
          std::min(grid.quant_max, quantize(clamp.max, scale, zero_point, grid))};
}

}  // namespace gradus
