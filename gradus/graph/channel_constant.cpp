#include "gradus/graph/channel_constant.h"

namespace gradus {

std::optional<std::vector<float>> channel_constant(const Graph& graph, ValueId id,
                                                   const Shape& shape) {
  if (id == kNoValue || !graph.value(id).constant || shape.size() < 2 || shape[1] < 1) {
    return std::nullopt;
  }
  const Tensor& tensor = *graph.value(id).constant;
  if (tensor.dtype() != DType::kFloat32 || tensor.shape().size() > shape.size()) {
    return std::nullopt;
  }
  // Spread over `shape` it must be [1, channels or 1, 1, ...].
  const std::size_t missing = shape.size() - tensor.shape().size();
  for (std::size_t axis = 0; axis < tensor.shape().size(); ++axis) {
    const std::int64_t size = tensor.shape()[axis];
    if (size != 1 && !(missing + axis == 1 && size == shape[1])) return std::nullopt;
  }
  const auto values = tensor.as<float>();
  const auto channels = static_cast<std::size_t>(shape[1]);
  if (values.size() == 1) return std::vector<float>(channels, values[0]);
  return std::vector<float>(values.begin(), values.end());
}

}  // namespace gradus
