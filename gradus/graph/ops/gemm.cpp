#include <algorithm>

#include "gradus/graph/ops/elements.h"
#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

void scale(Tensor& tensor, float factor) {
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

// Bias as [out] times beta; a single number is repeated.
void normalize_bias(NormalizeContext& context, Node& node, std::int64_t outputs, float beta) {
  const Tensor* found = ops::constant_floats(context.graph, node, 2, "bias");
  if (found == nullptr) return;
  const Shape& shape = found->shape();
  const bool row = shape.size() <= 2 && (shape.size() < 2 || shape[0] == 1) &&
                   (found->size() == outputs || found->size() == 1);
  if (!row) {
    ops::invalid(node, "its bias is " + to_string(shape) + "; expected [" +
                           std::to_string(outputs) + "] or one number");
  }
  if (shape == Shape{outputs} && beta == 1.0f) return;
  Tensor flat = *found;
  flat.reshape({found->size()});
  Tensor bias = ops::take(flat, {outputs}, {flat.size() == 1 ? 0 : 1}, 0);
  if (beta != 1.0f) scale(bias, beta);
  const std::string name = context.graph.value(node.inputs[2]).name;
  node.inputs[2] = ops::add_constant(context, node, name + "_row", std::move(bias));
}

void normalize_gemm(NormalizeContext& context, Node& node) {
  ops::require(node, "transA", 0);
  const std::int64_t transposed = node.integer("transB", 0);
  if (transposed != 0 && transposed != 1) ops::require(node, "transB", 1);
  ops::float_shape(context.graph, node, 1);
  normalize_weights(context, node, transposed == 1, node.real("alpha", 1.0f));
  const std::int64_t outputs = ops::input_shape(context.graph, node, 1)[0];
  normalize_bias(context, node, outputs, node.real("beta", 1.0f));
  node.attributes = {
      {"alpha", 1.0f}, {"beta", 1.0f}, {"transA", std::int64_t{0}}, {"transB", std::int64_t{1}}};
}

std::vector<TensorType> infer_gemm(const Graph& graph, const Node& node) {
  const Shape& in = ops::float_shape(graph, node);
  const Shape& weights = ops::float_shape(graph, node, 1);
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

void normalize_matmul(NormalizeContext& context, Node& node) {
  const Shape& in = ops::float_shape(context.graph, node);
  if (in.size() != 2) {
    ops::refuse(node, "its input is " + to_string(in) + "; expected [batch, in]");
  }
  ops::float_shape(context.graph, node, 1);
  node.op = "Gemm";
  normalize_gemm(context, node);
}

}  // namespace

GraphOpFamily gemm_graph_op() {
  return {{.type = "Gemm",
           .min_inputs = 2,
           .max_inputs = 3,
           .attributes = {"alpha", "beta", "transA", "transB"},
           .normalize = normalize_gemm,
           .infer_shape = infer_gemm,
           .macs = gemm_macs},
          {.type = "MatMul",
           .min_inputs = 2,
           .max_inputs = 2,
           .normalize = normalize_matmul,
           .infer_shape = infer_gemm,
           .macs = gemm_macs}};
}

}  // namespace gradus
