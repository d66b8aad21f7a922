// Quant: a value rounded onto the grid of a quantizer, still as a float: what every way of writing
// a quantized network becomes on import (qdq/lift.h), until prepare makes it the value's quantizer.
// It is no operator of ai.onnx.
//   attributes: bits, signed, narrow as of QuantizerSpec; scale; zero_point; low and high, codes
//   that the result keeps between, where a Clip has cut them.
#include <algorithm>
#include <cmath>

#include "gradus/graph/ops/support.h"
#include "gradus/graph/quant_node.h"

namespace gradus {
namespace {

void normalize_quant(NormalizeContext&, Node& node) { read_quant_node(node); }

std::vector<TensorType> infer_quant(const Graph& graph, const Node& node) {
  return {{DType::kFloat32, ops::float_shape(graph, node)}};
}

std::vector<Tensor> evaluate_quant(const Node& node, std::span<const Tensor* const> inputs,
                                   std::span<const TensorType>) {
  const QuantNode quant = read_quant_node(node);
  Tensor result = *inputs[0];
  for (float& x : result.as<float>()) {
    if (std::isnan(x)) ops::invalid(node, "rounds NaN; expected numbers");
    const std::int32_t code = std::clamp(
        quantize(x, quant.scale, quant.zero_point, quant.spec.grid()), quant.low, quant.high);
    x = dequantize(code, quant.scale, quant.zero_point);
  }
  return {std::move(result)};
}

}  // namespace

GraphOpFamily quant_graph_op() {
  return {{.type = "Quant",
           .since = 1,
           .attributes = {"bits", "high", "low", "narrow", "scale", "signed", "zero_point"},
           .normalize = normalize_quant,
           .infer_shape = infer_quant,
           .evaluate = evaluate_quant}};
}

}  // namespace gradus
