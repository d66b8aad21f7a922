#include "gradus/graph/moved_quantizer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "gradus/graph/op.h"

namespace gradus {
namespace {

// The axis of `to` whose slices are those of `axis` in `from`, in the same order of elements.
std::optional<int> same_slices(const Shape& from, int axis, const Shape& to) {
  const auto at = static_cast<std::size_t>(axis);
  std::int64_t before = 1;  // elements of one step along each axis before
  for (std::size_t i = 0; i < at; ++i) before *= from[i];
  std::int64_t passed = 1;
  for (std::size_t i = 0; i < to.size() && passed <= before; passed *= to[i++]) {
    if (passed == before && to[i] == from[at]) return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace

QuantizerId moved_quantizer(Graph& graph, const Node& node, const Shape& result) {
  constexpr std::array kReshapes = {"Reshape", "Unsqueeze", "Squeeze", "Flatten", "Identity"};
  const GraphOp* op = find_graph_op(node.op);
  if (op == nullptr || op->moved_inputs != 1 || node.input(0) == kNoValue) return kNoQuantizer;
  const Value& from = graph.value(node.inputs[0]);
  if (!from.constant || from.quantizer == kNoQuantizer) return kNoQuantizer;
  Quantizer moved = graph.quantizers.at(static_cast<std::size_t>(from.quantizer));
  if (!moved.spec.per_channel) return from.quantizer;
  if (std::find(kReshapes.begin(), kReshapes.end(), node.op) == kReshapes.end())
    return kNoQuantizer;
  const auto axis = same_slices(from.constant->shape(), moved.spec.axis, result);
  if (!axis) return kNoQuantizer;
  if (*axis == moved.spec.axis) return from.quantizer;
  moved.spec.axis = *axis;
  graph.quantizers.push_back(std::move(moved));
  return static_cast<QuantizerId>(graph.quantizers.size() - 1);
}

}  // namespace gradus
