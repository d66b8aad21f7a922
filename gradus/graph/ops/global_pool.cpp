#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

std::vector<TensorType> infer_global_pool(const Graph& graph, const Node& node) {
  const Shape& in = ops::map_shape(graph, node);
  return {{DType::kFloat32, {in[0], in[1], 1, 1}}};
}

// The mean over height and width is a global average pool.
void normalize_reduce_mean(NormalizeContext& context, Node& node) {
  const Shape& in = ops::map_shape(context.graph, node);
  ops::require(node, "noop_with_empty_axes", 0);
  const auto found = ops::integers(context, node, 1, "axes").value_or(std::vector<std::int64_t>{});
  const auto axes = ops::axes_in(node, found, in.size());
  if (axes != std::vector<std::int64_t>{2, 3}) {
    ops::refuse(node, "axes are " + ops::list_text(found) + "; expected [2, 3], height and width");
  }
  const std::int64_t keepdims = node.integer("keepdims", 1);
  if (keepdims != 0 && keepdims != 1) ops::require(node, "keepdims", 1);
  ops::drop_inputs(node, 1);
  node.attributes.clear();
  node.op = "GlobalAveragePool";
  if (keepdims == 1) return;
  Value pooled;
  pooled.name = context.graph.value(node.outputs.at(0)).name + "_pooled";
  const ValueId between = context.add_value(node, std::move(pooled));
  context.after.push_back(
      {node.name + "_flatten", "Flatten", {between}, node.outputs, {{"axis", std::int64_t{1}}}});
  node.outputs = {between};
}

}  // namespace

GraphOpFamily global_pool_graph_op() {
  return {{.type = "GlobalAveragePool", .since = 1, .infer_shape = infer_global_pool},
          {.type = "ReduceMean",
           .since = 1,
           .max_inputs = 2,
           .attributes = {"axes", "keepdims", "noop_with_empty_axes"},
           .normalize = normalize_reduce_mean,
           .infer_shape = infer_global_pool}};
}

}  // namespace gradus
