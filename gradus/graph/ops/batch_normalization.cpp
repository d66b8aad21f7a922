#include <cmath>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

// x [batch, channels, ...], with a list of one number a channel at each of the other inputs.
const Shape& channel_shape(const Graph& graph, const Node& node,
                           std::initializer_list<const char*> meanings) {
  const Shape& in = ops::float_shape(graph, node);
  if (in.size() < 2 || in[1] < 0) {
    ops::refuse(node, "its input is " + to_string(in) + "; expected [batch, channels, ...]");
  }
  std::size_t i = 1;
  for (const char* meaning : meanings) {
    const Tensor* tensor = ops::constant_floats(graph, node, i++, meaning);
    if (tensor == nullptr) ops::invalid(node, std::string(meaning) + " is missing");
    if (tensor->shape() != Shape{in[1]}) {
      ops::invalid(node, std::string("its ") + meaning + " is " + to_string(tensor->shape()) +
                             "; expected [" + std::to_string(in[1]) + "], one a channel");
    }
  }
  return in;
}

float epsilon_of(const Node& node) {
  const float epsilon = ops::finite(node, "epsilon", 1e-5f);
  if (epsilon < 0.0f) {
    ops::invalid(node, "epsilon is " + std::to_string(epsilon) + "; expected from 0");
  }
  return epsilon;
}

std::vector<TensorType> infer_batch_normalization(const Graph& graph, const Node& node) {
  return {{DType::kFloat32, channel_shape(graph, node, {"gamma", "beta", "mean", "variance"})}};
}

void normalize_batch_normalization(NormalizeContext& context, Node& node) {
  ops::require(node, "training_mode", 0);
  ops::require(node, "spatial", 1);
  if (context.opset < 7 && node.integer("is_test", 0) == 0) {
    ops::refuse(node, "attribute is_test is 0; expected an inference graph");
  }
  // Outputs after the first are statistics of training.
  while (node.outputs.size() > 1 && node.outputs.back() == kNoValue) node.outputs.pop_back();
  node.attributes = {{"epsilon", epsilon_of(node)},
                     {"momentum", ops::finite(node, "momentum", 0.9f)}};
}

std::vector<TensorType> infer_instance_normalization(const Graph& graph, const Node& node) {
  const Shape& in = channel_shape(graph, node, {"scale", "bias"});
  if (in.size() < 3) {
    ops::invalid(node, "its input is " + to_string(in) + "; expected [batch, channels, ...]");
  }
  return {{DType::kFloat32, in}};
}

void normalize_instance_normalization(NormalizeContext&, Node& node) {
  node.attributes = {{"epsilon", epsilon_of(node)}};
}

// What layer normalization joins: the axes from `axis` on.
Shape joined_shape(const Node& node, const Shape& in) {
  const std::int64_t axis = ops::axis_in(node, node.integer("axis", -1), in.size());
  return {in.begin() + axis, in.end()};
}

std::vector<TensorType> infer_layer_normalization(const Graph& graph, const Node& node) {
  const Shape& in = ops::float_shape(graph, node);
  const Shape joined = joined_shape(node, in);
  for (std::size_t i : {1u, 2u}) {
    const Tensor* tensor = ops::constant_floats(graph, node, i, i == 1 ? "scale" : "bias");
    if (tensor == nullptr || tensor->shape() != joined) {
      ops::refuse(node, std::string("its ") + (i == 1 ? "scale" : "bias") + " is " +
                            (tensor == nullptr ? "missing" : to_string(tensor->shape())) +
                            "; expected " + to_string(joined) + ", the axes that it normalizes");
    }
  }
  return {{DType::kFloat32, in}};
}

void normalize_layer_normalization(NormalizeContext& context, Node& node) {
  while (node.outputs.size() > 1 && node.outputs.back() == kNoValue) node.outputs.pop_back();
  if (node.outputs.size() > 1) ops::refuse(node, "gives its statistics too; expected one output");
  ops::require(node, "stash_type", 1);
  const Shape& in = ops::float_shape(context.graph, node);
  const std::int64_t axis = ops::axis_in(node, node.integer("axis", -1), in.size());
  if (axis == 0) ops::refuse(node, "normalizes over the batch; expected another axis");
  node.attributes = {{"axis", axis}, {"epsilon", epsilon_of(node)}};
  if (node.input(2) == kNoValue) {
    const Shape joined = joined_shape(node, in);
    node.inputs.resize(2);
    node.inputs.push_back(
        ops::add_constant(context, node, node.name + ".bias", Tensor(DType::kFloat32, joined)));
  }
}

std::vector<TensorType> infer_lrn(const Graph& graph, const Node& node) {
  return {{DType::kFloat32, channel_shape(graph, node, {})}};
}

void normalize_lrn(NormalizeContext&, Node& node) {
  const std::int64_t size = node.integer("size", 0);
  if (size < 1 || size > 1 << 20) {
    ops::invalid(node, "attribute size is " + std::to_string(size) + "; expected from 1 to 2^20");
  }
  node.attributes = {{"size", size},
                     {"alpha", ops::finite(node, "alpha", 1e-4f)},
                     {"beta", ops::finite(node, "beta", 0.75f)},
                     {"bias", ops::finite(node, "bias", 1.0f)}};
}

}  // namespace

GraphOpFamily batch_normalization_graph_op() {
  return {{.type = "BatchNormalization",
           .since = 6,
           .min_inputs = 5,
           .max_inputs = 5,
           .attributes = {"epsilon", "is_test", "momentum", "spatial", "training_mode"},
           .normalize = normalize_batch_normalization,
           .infer_shape = infer_batch_normalization,
           .evaluate = ops::evaluate_floatop},
          {.type = "InstanceNormalization",
           .since = 6,
           .min_inputs = 3,
           .max_inputs = 3,
           .attributes = {"epsilon"},
           .normalize = normalize_instance_normalization,
           .infer_shape = infer_instance_normalization,
           .evaluate = ops::evaluate_floatop},
          {.type = "LayerNormalization",
           .since = 17,
           .min_inputs = 2,
           .max_inputs = 3,
           .attributes = {"axis", "epsilon", "stash_type"},
           .normalize = normalize_layer_normalization,
           .infer_shape = infer_layer_normalization,
           .evaluate = ops::evaluate_floatop,
           .export_opset = 17},
          {.type = "LRN",
           .since = 1,
           .attributes = {"alpha", "beta", "bias", "size"},
           .normalize = normalize_lrn,
           .infer_shape = infer_lrn,
           .evaluate = ops::evaluate_floatop}};
}

}  // namespace gradus
