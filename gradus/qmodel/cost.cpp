#include "gradus/qmodel/cost.h"

#include "gradus/qmodel/geometry.h"
#include "gradus/quant/bitpack.h"

namespace gradus {
namespace {

std::int64_t count(const auto& items) { return static_cast<std::int64_t>(items.size()); }

const QTensor& tensor(const QModel& model, std::int32_t index) {
  return model.tensors[static_cast<std::size_t>(index)];
}

std::int64_t bytes(const QTensor& t) {
  return elements(t) * (t.kind == QTensorKind::kCodes ? 1 : 4);
}

// Convolutions and fully connected layers.
void add_linear(const auto& op, const QTensor& out, NodeCost& cost) {
  cost.weights = count(op.weights.codes);
  cost.weight_bits = op.weights.bits;
  cost.weight_bytes =
      static_cast<std::int64_t>(packed_bytes(op.weights.codes.size(), op.weights.bits));
  cost.parameter_bytes =
      4 * (count(op.bias) + count(op.weights.zero_point)) + 8 * count(op.output.accumulator_scale);
  cost.float_bytes = 4 * (cost.weights + count(op.bias));
  cost.macs = cost.weights * out.height * out.width;
}

// Its constants are floats before and after.
void add_island(const QIsland& op, NodeCost& cost) {
  for (const floatops::CallInput& input : op.call.inputs) cost.weights += count(input.values);
  cost.weight_bits = cost.weights > 0 ? 32 : 0;
  cost.weight_bytes = cost.float_bytes = 4 * cost.weights;
  cost.macs = floatops::call_macs(op.call);
}

}  // namespace

NodeCost node_cost(const QModel& model, const QNode& node) {
  const QTensor& out = tensor(model, node.output);
  NodeCost cost;
  cost.activation_bytes = bytes(out);
  for (std::int32_t input : node.inputs) cost.activation_bytes += bytes(tensor(model, input));
  if (const auto* conv = std::get_if<QConv>(&node.op)) add_linear(*conv, out, cost);
  if (const auto* full = std::get_if<QFullyConnected>(&node.op)) add_linear(*full, out, cost);
  if (const auto* island = std::get_if<QIsland>(&node.op)) add_island(*island, cost);
  return cost;
}

std::vector<NodeCost> model_cost(const QModel& model) {
  std::vector<NodeCost> costs;
  for (const QNode& node : model.nodes) costs.push_back(node_cost(model, node));
  return costs;
}

NodeCost total_cost(const QModel& model) {
  NodeCost total;
  for (const NodeCost& cost : model_cost(model)) {
    total.macs += cost.macs;
    total.weights += cost.weights;
    total.weight_bytes += cost.weight_bytes;
    total.parameter_bytes += cost.parameter_bytes;
    total.float_bytes += cost.float_bytes;
    total.activation_bytes += cost.activation_bytes;
  }
  return total;
}

}  // namespace gradus
