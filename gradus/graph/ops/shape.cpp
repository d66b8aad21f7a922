#include <algorithm>

#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

// The shape is known but for the batch, so the node is a constant, or one that holds kBatchSize.
void normalize_shape(NormalizeContext& context, Node& node) {
  Shape shape = ops::input_shape(context.graph, node);
  std::replace(shape.begin(), shape.end(), std::int64_t{-1}, kBatchSize);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto bound = [&](const char* key, std::int64_t otherwise) {
    const std::int64_t found = node.integer(key, otherwise);
    return std::clamp<std::int64_t>(found < 0 ? found + rank : found, 0, rank);
  };
  const std::int64_t start = bound("start", 0);
  const std::int64_t end = std::max(start, bound("end", rank));
  context.result = ops::int64_tensor({shape.begin() + start, shape.begin() + end});
}

std::vector<TensorType> infer_shape_of_shape(const Graph& graph, const Node& node) {
  const auto rank = static_cast<std::int64_t>(ops::input_shape(graph, node).size());
  return {{DType::kInt64, {rank}}};
}

}  // namespace

GraphOpFamily shape_graph_op() {
  return {{.type = "Shape",
           .since = 1,
           .attributes = {"end", "start"},
           .normalize = normalize_shape,
           .infer_shape = infer_shape_of_shape}};
}

}  // namespace gradus
