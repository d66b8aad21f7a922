#include "gradus/prepare/quantized_layers.h"

#include <algorithm>

#include "gradus/prepare/attributes.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

std::size_t index(std::int32_t id) { return static_cast<std::size_t>(id); }

void check_weight_axes(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (!is_linear(node) || graph.value(node.inputs[1]).quantizer == kNoQuantizer) continue;
    const QuantizerSpec& spec = graph.quantizers[index(graph.value(node.inputs[1]).quantizer)].spec;
    if (!spec.per_channel || spec.axis == 0) continue;
    refuse_node(node, "the scales of its weights lie along axis " + std::to_string(spec.axis) +
                          "; expected axis 0, the output channels");
  }
}

// Whether the bias's unit is the accumulator's.
bool same_unit(const IntegerConstant& bias, const Quantizer& input, const Quantizer& weights) {
  const float x = input.parameters.scale[0];
  const auto& w = weights.parameters.scale;
  for (std::size_t c = 0; c < std::max(w.size(), bias.scale.size()); ++c) {
    if (bias.scale[bias.scale.size() == 1 ? 0 : c] != x * w[w.size() == 1 ? 0 : c]) return false;
  }
  return true;
}

void keep_integer_biases(Graph& graph, const IntegerConstants& integers) {
  for (const Node& node : graph.nodes) {
    if (!is_linear(node) || node.input(2) == kNoValue || node.inputs.size() > 3) continue;
    const auto found = integers.find(graph.value(node.inputs[2]).name);
    const QuantizerId x = graph.value(node.inputs[0]).quantizer;
    const QuantizerId w = graph.value(node.inputs[1]).quantizer;
    if (found == integers.end() || x == kNoQuantizer || w == kNoQuantizer) continue;
    if (!same_unit(found->second, graph.quantizers[index(x)], graph.quantizers[index(w)])) continue;
    Value& bias = graph.value(node.inputs[2]);
    if (bias.constant->size() != std::ssize(found->second.codes)) continue;
    bias.constant = Tensor::from<std::int32_t>(*bias.shape, found->second.codes);
    bias.dtype = DType::kInt32;
    bias.quantizer = kNoQuantizer;
  }
}

}  // namespace

void finish_quantized_layers(Graph& graph, const IntegerConstants& integers) {
  check_weight_axes(graph);
  keep_integer_biases(graph, integers);
}

}  // namespace gradus
