#include <cstring>

#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

void normalize_gather(NormalizeContext& context, Node& node) {
  const std::size_t rank = ops::input_shape(context.graph, node).size();
  node.attributes["axis"] = ops::axis_in(node, node.integer("axis", 0), rank);
}

std::int64_t index_at(const Tensor& indices, std::int64_t i) {
  const auto position = static_cast<std::size_t>(i);
  return indices.dtype() == DType::kInt32 ? indices.as<std::int32_t>()[position]
                                          : indices.as<std::int64_t>()[position];
}

void check_indices(const Node& node, const Tensor& indices, std::int64_t size) {
  for (std::int64_t i = 0; i < indices.size(); ++i) {
    const std::int64_t found = index_at(indices, i);
    if (found < -size || found >= size) {
      ops::invalid(node, "its index " + std::to_string(found) + " is outside an axis of " +
                             std::to_string(size));
    }
  }
}

std::vector<TensorType> infer_gather(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  const Shape& indices = ops::input_shape(graph, node, 1);
  const DType type = ops::input_dtype(graph, node, 1);
  if (type != DType::kInt64 && type != DType::kInt32) {
    ops::invalid(node, std::string("its indices are ") + dtype_name(type) + "; expected integers");
  }
  const auto axis =
      static_cast<std::size_t>(ops::axis_in(node, node.integer("axis", 0), in.size()));
  if (in[axis] < 0) ops::refuse(node, "gathers from the batch; expected another axis");
  const auto& known = graph.value(node.inputs[1]).constant;
  if (!known) ops::refuse(node, "its indices are computed at run time; expected constants");
  check_indices(node, *known, in[axis]);
  if (in.size() + indices.size() > 9) ops::refuse(node, "makes more than 8 dimensions");
  Shape out(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(axis));
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(axis) + 1, in.end());
  return {{ops::input_dtype(graph, node), out}};
}

// in and out as [outer, axis, inner]: out[o, i, :] = in[o, indices[i], :].
std::vector<Tensor> evaluate_gather(const Node& node, std::span<const Tensor* const> inputs) {
  const Tensor& in = *inputs[0];
  const Tensor& indices = *inputs[1];
  const std::int64_t axis = node.integer("axis", 0);
  const std::int64_t size = in.shape()[static_cast<std::size_t>(axis)];
  const Shape outer(in.shape().begin(), in.shape().begin() + axis);
  const Shape inner(in.shape().begin() + axis + 1, in.shape().end());
  Shape shape = outer;
  shape.insert(shape.end(), indices.shape().begin(), indices.shape().end());
  shape.insert(shape.end(), inner.begin(), inner.end());
  Tensor out(in.dtype(), shape);
  const std::int64_t row = element_count(inner).value_or(0);
  const std::size_t row_bytes = static_cast<std::size_t>(row) * dtype_bytes(in.dtype());
  const std::int64_t outers = element_count(outer).value_or(0);
  for (std::int64_t i = 0; i < indices.size(); ++i) {
    const std::int64_t found = index_at(indices, i);
    const std::int64_t index = found < 0 ? found + size : found;
    for (std::int64_t o = 0; row_bytes > 0 && o < outers; ++o) {
      const auto from = static_cast<std::size_t>(o * size + index) * row_bytes;
      const auto to = static_cast<std::size_t>(o * indices.size() + i) * row_bytes;
      std::memcpy(out.bytes().data() + to, in.bytes().data() + from, row_bytes);
    }
  }
  return {std::move(out)};
}

}  // namespace

GraphOpFamily gather_graph_op() {
  return {{.type = "Gather",
           .since = 1,
           .min_inputs = 2,
           .max_inputs = 2,
           .attributes = {"axis"},
           .normalize = normalize_gather,
           .infer_shape = infer_gather,
           .evaluate = evaluate_gather,
           .moved_inputs = 1}};
}

}  // namespace gradus
