#include <cmath>

#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

constexpr const char* kMeanings[] = {"", "gamma", "beta", "mean", "variance"};

std::vector<TensorType> infer_batch_normalization(const Graph& graph, const Node& node) {
  const Shape& in = ops::float_shape(graph, node);
  if (in.size() < 2 || in[1] < 0) {
    ops::refuse(node, "its input is " + to_string(in) + "; expected [batch, channels, ...]");
  }
  for (std::size_t i = 1; i <= 4; ++i) {
    const Tensor* tensor = ops::constant_floats(graph, node, i, kMeanings[i]);
    if (tensor == nullptr) ops::invalid(node, std::string(kMeanings[i]) + " is missing");
    if (tensor->shape() != Shape{in[1]}) {
      ops::invalid(node, std::string("its ") + kMeanings[i] + " is " + to_string(tensor->shape()) +
                             "; expected [" + std::to_string(in[1]) + "], one a channel");
    }
  }
  return {{DType::kFloat32, in}};
}

void normalize_batch_normalization(NormalizeContext&, Node& node) {
  ops::require(node, "training_mode", 0);
  ops::require(node, "spatial", 1);
  const float epsilon = node.real("epsilon", 1e-5f);
  const float momentum = node.real("momentum", 0.9f);
  if (!(epsilon >= 0.0f && std::isfinite(epsilon) && std::isfinite(momentum))) {
    ops::invalid(node, "epsilon is " + std::to_string(epsilon) + ", momentum " +
                           std::to_string(momentum) + "; expected finite numbers, epsilon from 0");
  }
  // Outputs after the first are statistics of training.
  while (node.outputs.size() > 1 && node.outputs.back() == kNoValue) node.outputs.pop_back();
  node.attributes = {{"epsilon", epsilon}, {"momentum", momentum}};
}

}  // namespace

GraphOpFamily batch_normalization_graph_op() {
  return {{.type = "BatchNormalization",
           .min_inputs = 5,
           .max_inputs = 5,
           .attributes = {"epsilon", "momentum", "spatial", "training_mode"},
           .normalize = normalize_batch_normalization,
           .infer_shape = infer_batch_normalization}};
}

}  // namespace gradus
