#include "gradus/graph/shape_inference.h"

#include <algorithm>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

void check_size(const Node& node, const TensorType& type, std::int64_t least) {
  std::int64_t count = 1;
  for (std::int64_t dimension : type.shape) {
    const std::int64_t size = dimension == -1 ? 1 : dimension;
    const bool fits = size >= least && !__builtin_mul_overflow(count, size, &count) &&
                      count <= std::numeric_limits<std::int32_t>::max();
    if (!fits) {
      ops::invalid(node, "its output is " + to_string(type.shape) + "; expected dimensions from " +
                             std::to_string(least) + " and at most 2^31 - 1 elements");
    }
  }
}

}  // namespace

std::vector<TensorType> infer_node(const Graph& graph, const Node& node) {
  const GraphOp* op = find_graph_op(node.op);
  if (op == nullptr) ops::refuse(node, "is not an operator that gradus knows");
  std::vector<TensorType> types = op->infer_shape(graph, node);
  if (types.size() < node.outputs.size()) {
    ops::refuse(node, "has " + std::to_string(node.outputs.size()) + " outputs in use; expected " +
                          std::to_string(types.size()));
  }
  const bool constant = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    return id == kNoValue || graph.value(id).constant.has_value();
  });
  for (const auto& type : types) {
    const bool is_float = type.dtype == DType::kFloat32;
    check_size(node, type, constant || !is_float ? 0 : 1);
  }
  return types;
}

void infer_shapes(Graph& graph) {
  for (const auto& node : graph.nodes) {
    std::vector<TensorType> types = infer_node(graph, node);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      Value& value = graph.value(node.outputs[i]);
      value.dtype = types[i].dtype;
      value.shape = std::move(types[i].shape);
    }
  }
}

}  // namespace gradus
