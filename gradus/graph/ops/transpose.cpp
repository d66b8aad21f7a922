#include <algorithm>
#include <numeric>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

std::vector<std::int64_t> permutation(const Node& node, std::size_t rank) {
  std::vector<std::int64_t> reversed(rank);
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  const auto perm = node.integers("perm", reversed);
  std::vector<std::int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != std::vector<std::int64_t>(reversed.rbegin(), reversed.rend())) {
    ops::invalid(node, "perm is " + ops::list_text(perm) + "; expected each of the " +
                           std::to_string(rank) + " axes once");
  }
  return perm;
}

void normalize_transpose(NormalizeContext& context, Node& node) {
  const auto perm = permutation(node, ops::input_shape(context.graph, node).size());
  node.attributes["perm"] = perm;
  if (!std::is_sorted(perm.begin(), perm.end())) return;
  node.op = "Identity";
  node.attributes.clear();
}

Shape permuted(const Shape& values, const std::vector<std::int64_t>& perm) {
  Shape out;
  for (std::int64_t axis : perm) out.push_back(values[static_cast<std::size_t>(axis)]);
  return out;
}

std::vector<TensorType> infer_transpose(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  return {{ops::input_dtype(graph, node), permuted(in, permutation(node, in.size()))}};
}

}  // namespace

GraphOpFamily transpose_graph_op() {
  return {{.type = "Transpose",
           .since = 1,
           .attributes = {"perm"},
           .normalize = normalize_transpose,
           .infer_shape = infer_transpose,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1}};
}

}  // namespace gradus
