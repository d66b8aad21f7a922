#include <cmath>
#include <limits>

#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

std::vector<TensorType> infer_same(const Graph& graph, const Node& node) {
  return {{DType::kFloat32, ops::float_shape(graph, node)}};
}

void normalize_clip(NormalizeContext& context, Node& node) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const float min = ops::real(context, node, 1, "min").value_or(-kLargest);
  const float max = ops::real(context, node, 2, "max").value_or(kLargest);
  if (!(min <= max)) {
    ops::refuse(node, "clips to [" + std::to_string(min) + ", " + std::to_string(max) +
                          "]; expected min at most max");
  }
  ops::drop_inputs(node, 1);
  node.attributes.clear();
  if (min > -kLargest) node.attributes["min"] = min;
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
  return {{.type = "Relu", .since = 6, .infer_shape = infer_same},
          {.type = "Clip",
           .since = 6,
           .max_inputs = 3,
           .attributes = {"min", "max"},
           .normalize = normalize_clip,
           .infer_shape = infer_same,
           .to_onnx = clip_to_onnx}};
}

}  // namespace gradus
