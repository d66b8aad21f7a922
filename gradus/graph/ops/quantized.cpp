// The operators of quantized networks, with ONNX's arithmetic to the bit (opset 25):
//   QuantizeLinear     saturate(round_half_even(x / scale) + zero_point), x / scale in float32
//   DequantizeLinear   float(q - zero_point) * scale, in float32
//   QLinearConv, QLinearMatMul
//                      saturate(round_half_even(float(sum) * (x_scale * w_scale / y_scale)) +
//                      y_zero) with the exact int32 sum, and the factor and product in float32
//   ConvInteger, MatMulInteger
//                      the exact int32 sum
// Scales and zero points may be of any value at run time; quantized values are held as they are.
#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/graph/ops/quantization.h"

namespace gradus {
namespace {

using ops::Codes;

void normalize_linear(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const std::int64_t block = node.integer("block_size", 0);
  if (block < 0) ops::invalid(node, "attribute block_size is negative; expected from 0");
  const bool quantizes = node.op == "QuantizeLinear";
  ops::require_scale_type(node);
  const Shape scale = ops::float_shape(context.graph, node, 1);
  std::int64_t axis = node.integer("axis", 1);
  const bool one = element_count(scale) == 1 && scale.size() <= 1;
  axis = one && (in.empty() || axis >= static_cast<std::int64_t>(in.size()))
             ? 0
             : ops::axis_in(node, axis, in.size());
  std::int64_t type = quantizes ? ops::code_type(context, node) : 0;
  node.attributes = {{"axis", axis}, {"block_size", block}};
  if (quantizes) node.attributes["output_dtype"] = type;
}

std::vector<TensorType> infer_linear(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  ops::check_scale(graph, node);
  if (node.op == "QuantizeLinear") {
    ops::float_shape(graph, node);
    return {{ops::dtype_of_code(node, node.integer("output_dtype", 2)), in}};
  }
  return {{DType::kFloat32, in}};
}

std::vector<Tensor> evaluate_quantize(const Node& node, std::span<const Tensor* const> inputs,
                                      std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  const auto x = inputs[0]->as<float>();
  const auto scale = inputs[1]->as<float>();
  const Codes zero(inputs.size() > 2 ? inputs[2] : nullptr);
  const auto place = ops::scale_places(node, inputs[0]->shape(), inputs[1]->shape());
  const ops::CodeLimits limits = ops::limits_of(types[0].dtype);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t at = place(i);
    ops::store(out[0], i, ops::saturated(x[i] / scale[at], zero[at], limits));
  }
  return out;
}

std::vector<Tensor> evaluate_dequantize(const Node& node, std::span<const Tensor* const> inputs,
                                        std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  const auto y = out[0].as<float>();
  const auto scale = inputs[1]->as<float>();
  const Codes x(inputs[0]), zero(inputs.size() > 2 ? inputs[2] : nullptr);
  const auto place = ops::scale_places(node, inputs[0]->shape(), inputs[1]->shape());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t at = place(i);
    y[i] = static_cast<float>(x[i] - zero[at]) * scale[at];
  }
  return out;
}

std::vector<TensorType> infer_dynamic(const Graph& graph, const Node& node) {
  return {
      {DType::kUint8, ops::float_shape(graph, node)}, {DType::kFloat32, {}}, {DType::kUint8, {}}};
}

// scale = (max(0, largest) - min(0, smallest)) / 255; zero point = round(-min / scale), saturated.
std::vector<Tensor> evaluate_dynamic(const Node&, std::span<const Tensor* const> inputs,
                                     std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  const auto x = inputs[0]->as<float>();
  float low = 0.0f, high = 0.0f;
  for (float value : x) low = std::min(low, value), high = std::max(high, value);
  const float scale = (high - low) / 255.0f;
  const ops::CodeLimits limits = ops::limits_of(DType::kUint8);
  const std::int64_t zero = scale == 0.0f ? 0 : ops::saturated((0.0f - low) / scale, 0, limits);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ops::store(out[0], i, scale == 0.0f ? 0 : ops::saturated(x[i] / scale, zero, limits));
  }
  out[1].as<float>()[0] = scale;
  ops::store(out[2], 0, zero);
  return out;
}

}  // namespace

GraphOpFamily quantized_graph_op() {
  return {{.type = "QuantizeLinear",
           .since = 10,
           .min_inputs = 2,
           .max_inputs = 3,
           .attributes = {"axis", "block_size", "output_dtype", "precision", "saturate"},
           .normalize = normalize_linear,
           .infer_shape = infer_linear,
           .evaluate = evaluate_quantize,
           .to_onnx = ops::linear_to_onnx,
           .export_opset = 13},
          {.type = "DequantizeLinear",
           .since = 10,
           .min_inputs = 2,
           .max_inputs = 3,
           .attributes = {"axis", "block_size", "output_dtype"},
           .normalize = normalize_linear,
           .infer_shape = infer_linear,
           .evaluate = evaluate_dequantize,
           .to_onnx = ops::linear_to_onnx,
           .export_opset = 13},
          {.type = "DynamicQuantizeLinear",
           .since = 11,
           .infer_shape = infer_dynamic,
           .evaluate = evaluate_dynamic}};
}

}  // namespace gradus
