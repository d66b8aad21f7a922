#include <cmath>
#include <limits>
#include <utility>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

std::vector<TensorType> infer_same(const Graph& graph, const Node& node) {
  return {{DType::kFloat32, ops::float_shape(graph, node)}};
}

// A function of one number, its lowest opset and its attributes with their default values.
struct Function {
  const char* type;
  int since;
  std::vector<std::pair<const char*, float>> reals = {};
};

const std::vector<Function>& functions() {
  static const std::vector<Function> list = {
      {"Relu", 6},
      {"Abs", 6},
      {"Neg", 6},
      {"Sqrt", 6},
      {"Exp", 6},
      {"Log", 6},
      {"Reciprocal", 6},
      {"Ceil", 6},
      {"Floor", 6},
      {"Round", 11},
      {"Sign", 9},
      {"Erf", 9},
      {"Sin", 7},
      {"Cos", 7},
      {"Sigmoid", 6},
      {"Tanh", 6},
      {"Softplus", 1},
      {"Softsign", 1},
      {"Mish", 18},
      {"HardSwish", 14},
      {"LeakyRelu", 6, {{"alpha", 0.01f}}},
      {"Elu", 6, {{"alpha", 1.0f}}},
      {"Celu", 12, {{"alpha", 1.0f}}},
      {"Selu", 6, {{"alpha", 1.67326319217681884765625f}, {"gamma", 1.05070102214813232421875f}}},
      {"ThresholdedRelu", 1, {{"alpha", 1.0f}}},
      {"HardSigmoid", 6, {{"alpha", 0.2f}, {"beta", 0.5f}}},
      {"Swish", 24, {{"alpha", 1.0f}}}};
  return list;
}

void normalize_function(NormalizeContext&, Node& node) {
  for (const Function& function : functions()) {
    if (node.op != function.type) continue;
    for (const auto& [key, otherwise] : function.reals) {
      node.attributes[key] = ops::finite(node, key, otherwise);
    }
  }
  if (node.op == "Celu" && node.real("alpha", 1.0f) == 0.0f) {
    ops::invalid(node, "attribute alpha is 0; expected another number");
  }
}

void normalize_gelu(NormalizeContext&, Node& node) {
  const std::string how = node.text("approximate", "none");
  if (how != "none" && how != "tanh") {
    ops::invalid(node, "attribute approximate is '" + how + "'; expected none or tanh");
  }
  node.attributes["approximate"] = how;
}

// Bounds of integers stay tensors: the node becomes Max and Min.
void clip_integers(NormalizeContext& context, Node& node) {
  const ValueId low = node.input(1), high = node.input(2);
  ops::drop_inputs(node, 1);
  node.attributes.clear();
  if (low == kNoValue && high == kNoValue) return ops::make_identity(node);
  if (low != kNoValue && high != kNoValue) {
    node.inputs[0] = ops::emit(context, node, "Max", {node.inputs[0], low});
  }
  node.op = high == kNoValue ? "Max" : "Min";
  node.inputs.push_back(high == kNoValue ? low : high);
}

void normalize_clip(NormalizeContext& context, Node& node) {
  if (ops::input_dtype(context.graph, node) != DType::kFloat32) {
    return clip_integers(context, node);
  }
  constexpr float kLargest = std::numeric_limits<float>::max();
  const float min = ops::real(context, node, 1, "min").value_or(-kLargest);
  const float max = ops::real(context, node, 2, "max").value_or(kLargest);
  // Where the bounds have crossed, everything is the upper one (opset 13).
  if (std::isnan(min) || std::isnan(max)) ops::invalid(node, "clips to NaN; expected numbers");
  ops::drop_inputs(node, 1);
  node.attributes.clear();
  if (min > -kLargest) node.attributes["min"] = std::min(min, max);
  if (max < kLargest) node.attributes["max"] = max;
}

void clip_to_onnx(Node& node, OnnxInputs& inputs) {
  for (const auto& [position, key] : {std::pair{1u, "min"}, std::pair{2u, "max"}}) {
    if (!node.attributes.contains(key)) continue;
    const float bound = node.real(key, 0.0f);
    inputs[position] = Tensor::from<float>({}, std::span(&bound, 1));
    node.attributes.erase(key);
  }
}

}  // namespace

GraphOpFamily activations_graph_op() {
  GraphOpFamily family = {{.type = "Clip",
                           .since = 6,
                           .max_inputs = 3,
                           .attributes = {"min", "max"},
                           .normalize = normalize_clip,
                           .infer_shape = infer_same,
                           .evaluate = ops::evaluate_floatop,
                           .to_onnx = clip_to_onnx},
                          {.type = "Gelu",
                           .since = 20,
                           .attributes = {"approximate"},
                           .normalize = normalize_gelu,
                           .infer_shape = infer_same,
                           .evaluate = ops::evaluate_floatop,
                           .export_opset = 20}};
  for (const Function& function : functions()) {
    GraphOp op{.type = function.type,
               .since = function.since,
               .normalize = normalize_function,
               .infer_shape = infer_same,
               .evaluate = ops::evaluate_floatop,
               .export_opset = std::max(function.since, kExportOpset)};
    for (const auto& [key, otherwise] : function.reals) op.attributes.emplace_back(key);
    family.push_back(std::move(op));
  }
  return family;
}

}  // namespace gradus
