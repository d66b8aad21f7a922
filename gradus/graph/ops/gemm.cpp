#include <algorithm>

#include "gradus/graph/ops/elements.h"
#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

using Sizes = std::vector<std::int64_t>;

void scale(Tensor& tensor, float factor) {
  if (tensor.is_filled()) {
    Tensor element = tensor.element();
    scale(element, factor);
    tensor = Tensor::filled(element, tensor.shape());
    return;
  }
  for (float& value : tensor.as<float>()) value *= factor;
}

// Weights as [out, in] times alpha, as a new constant unless they are already that.
void normalize_weights(NormalizeContext& context, Node& node, bool transposed, float alpha) {
  const Tensor& found = *ops::constant_floats(context.graph, node, 1, "weights");
  if (found.shape().size() != 2) {
    ops::refuse(node, "its weights are " + to_string(found.shape()) + "; expected a matrix");
  }
  if (transposed && alpha == 1.0f) return;
  const Shape& shape = found.shape();
  Tensor weights = transposed ? found : ops::take(found, {shape[1], shape[0]}, {1, shape[1]}, 0);
  if (alpha != 1.0f) scale(weights, alpha);
  const std::string name = context.graph.value(node.inputs[1]).name;
  node.inputs[1] = ops::add_constant(context, node, name + "_transposed", std::move(weights));
}

// Bias as [out] times beta; a single number is repeated. is_row() has looked at its shape.
void normalize_bias(NormalizeContext& context, Node& node, std::int64_t outputs, float beta) {
  const Tensor* found = ops::constant_floats(context.graph, node, 2, "bias");
  if (found == nullptr) return;
  const Shape& shape = found->shape();
  if (shape == Shape{outputs} && beta == 1.0f) return;
  Tensor flat = *found;
  flat.reshape({found->size()});
  Tensor bias = ops::take(flat, {outputs}, {flat.size() == 1 ? 0 : 1}, 0);
  if (beta != 1.0f) scale(bias, beta);
  const std::string name = context.graph.value(node.inputs[2]).name;
  node.inputs[2] = ops::add_constant(context, node, name + "_row", std::move(bias));
}

ValueId transposed_matrix(NormalizeContext& context, const Node& node, ValueId matrix) {
  return ops::emit(context, node, "Transpose", {matrix}, {{"perm", Sizes{1, 0}}});
}

ValueId times(NormalizeContext& context, const Node& node, ValueId value, float factor) {
  if (factor == 1.0f) return value;
  const ValueId number = ops::add_constant(context, node, node.name + "_factor",
                                           Tensor::from<float>({}, {&factor, 1}));
  return ops::emit(context, node, "Mul", {value, number});
}

// Where the weights are computed at run time, or what is added is a matrix: a MatMul and an Add.
void take_apart(NormalizeContext& context, Node& node, float alpha, float beta) {
  if (ops::flag(node, "transB", 0))
    node.inputs[1] = transposed_matrix(context, node, node.inputs[1]);
  const ValueId added =
      node.input(2) == kNoValue ? kNoValue : times(context, node, node.input(2), beta);
  node.inputs[0] = times(context, node, node.inputs[0], alpha);
  ops::drop_inputs(node, 2);
  node.op = "MatMul";
  node.attributes.clear();
  if (added == kNoValue) return;
  const ValueId product = ops::emit(context, node, "MatMul", node.inputs);
  node.op = "Add";
  node.inputs = {product, added};
  const Shape out = ops::input_shape(context.graph, node);
  if (ops::broadcast(node, out, ops::input_shape(context.graph, node, 1)) != out) {
    ops::invalid(node, "adds " + to_string(ops::input_shape(context.graph, node, 1)) + " to " +
                           to_string(out) + "; expected a shape that broadcasts to it");
  }
}

// One number an output channel, known at import: what a Gemm in normal form holds.
bool is_row(const NormalizeContext& context, const Node& node, std::int64_t outputs) {
  if (node.input(2) == kNoValue) return true;
  const Value& bias = context.graph.value(node.input(2));
  const Shape& shape = ops::input_shape(context.graph, node, 2);
  const auto count = element_count(shape);
  return bias.constant && shape.size() <= 2 && (shape.size() < 2 || shape[0] == 1) &&
         (count == outputs || count == 1);
}

void normalize_gemm(NormalizeContext& context, Node& node) {
  const float alpha = ops::finite(node, "alpha", 1.0f), beta = ops::finite(node, "beta", 1.0f);
  const bool transposed = ops::flag(node, "transB", 0);
  ops::flag(node, "broadcast", 0);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] != kNoValue) ops::float_shape(context.graph, node, i);
  }
  const Shape x = ops::input_shape(context.graph, node);
  const Shape w = ops::input_shape(context.graph, node, 1);
  if (x.size() != 2 || w.size() != 2) {
    ops::invalid(node,
                 "its inputs are " + to_string(x) + " and " + to_string(w) + "; expected matrices");
  }
  if (ops::flag(node, "transA", 0))
    node.inputs[0] = transposed_matrix(context, node, node.inputs[0]);
  const std::int64_t outputs = transposed ? w[0] : w[1];
  if (!context.graph.value(node.inputs[1]).constant || !is_row(context, node, outputs)) {
    return take_apart(context, node, alpha, beta);
  }
  normalize_weights(context, node, transposed, alpha);
  normalize_bias(context, node, outputs, beta);
  node.attributes = {
      {"alpha", 1.0f}, {"beta", 1.0f}, {"transA", std::int64_t{0}}, {"transB", std::int64_t{1}}};
}

std::vector<TensorType> infer_gemm(const Graph& graph, const Node& node) {
  const Shape& in = ops::float_shape(graph, node);
  const Shape& weights = ops::float_shape(graph, node, 1);
  if (in.size() == 2 && in[1] < 0) {
    ops::refuse(node, "its input is " + to_string(in) +
                          ", and it sums over the batch; expected another axis");
  }
  if (in.size() != 2 || weights.size() != 2 || in[1] != weights[1]) {
    ops::invalid(node, "its input is " + to_string(in) + " and its weights [out, in] are " +
                           to_string(weights) + "; expected [batch, in]");
  }
  const Tensor* bias = ops::constant_floats(graph, node, 2, "bias");
  if (bias != nullptr && bias->shape() != Shape{weights[0]}) {
    ops::invalid(node, "its bias is " + to_string(bias->shape()) + "; expected [" +
                           std::to_string(weights[0]) + "]");
  }
  return {{DType::kFloat32, {in[0], weights[0]}}};
}

std::int64_t gemm_macs(const Graph& graph, const Node& node) {
  const Shape& weights = ops::input_shape(graph, node, 1);
  return weights[0] * weights[1];
}

// By a constant matrix, of a matrix: a Gemm.
void normalize_matmul(NormalizeContext& context, Node& node) {
  const Shape& a = ops::float_shape(context.graph, node);
  const Shape& b = ops::float_shape(context.graph, node, 1);
  if (a.size() != 2 || b.size() != 2 || !context.graph.value(node.inputs[1]).constant) return;
  node.op = "Gemm";
  normalize_gemm(context, node);
}

std::vector<TensorType> infer_matmul(const Graph& graph, const Node& node) {
  Shape a = ops::float_shape(graph, node), b = ops::float_shape(graph, node, 1);
  return {{DType::kFloat32, ops::matmul_shape(node, a, b)}};
}

std::int64_t matmul_macs(const Graph& graph, const Node& node) {
  Shape out = infer_matmul(graph, node)[0].shape;
  if (!out.empty() && out[0] < 0) out[0] = 1;
  return element_count(out).value_or(0) * ops::input_shape(graph, node).back();
}

}  // namespace

GraphOpFamily gemm_graph_op() {
  return {{.type = "Gemm",
           .since = 6,
           .min_inputs = 2,
           .max_inputs = 3,
           .attributes = {"alpha", "beta", "broadcast", "transA", "transB"},
           .normalize = normalize_gemm,
           .infer_shape = infer_gemm,
           .evaluate = ops::evaluate_floatop,
           .macs = gemm_macs},
          {.type = "MatMul",
           .since = 1,
           .min_inputs = 2,
           .max_inputs = 2,
           .normalize = normalize_matmul,
           .infer_shape = infer_matmul,
           .evaluate = ops::evaluate_floatop,
           .macs = matmul_macs}};
}

}  // namespace gradus
