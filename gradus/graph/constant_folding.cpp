#include "gradus/graph/constant_folding.h"

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/graph/ops/support.h"

namespace gradus {

FoldingBudget::FoldingBudget(std::int64_t elements_held)
    : left_(std::max(kLeastElements, 4 * elements_held)) {}

void FoldingBudget::spend(const Node& node, std::span<const TensorType> types) {
  std::int64_t& left = node.op == "ConstantOfShape" ? filled_left_ : left_;
  for (const auto& type : types) {
    const auto count = element_count(type.shape);
    if (!count || *count > left) {
      ops::refuse(node, "makes a constant of " + to_string(type.shape) + "; only " +
                            std::to_string(left) + " elements more are computed at import");
    }
    left -= *count;
  }
}

std::optional<std::vector<Tensor>> fold(const Graph& graph, const Node& node,
                                        std::span<const TensorType> types,
                                        const std::unordered_map<ValueId, Tensor>& partial,
                                        FoldingBudget& budget) {
  const GraphOp* op = find_graph_op(node.op);
  check(op != nullptr, "folding an operator that is not in the list");
  if (op->evaluate == nullptr || node.inputs.empty()) return std::nullopt;
  std::vector<const Tensor*> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    const Tensor* tensor = nullptr;
    if (id != kNoValue) {
      if (graph.value(id).constant) {
        tensor = &*graph.value(id).constant;
      } else if (const auto found = partial.find(id);
                 found != partial.end() && i < op->moved_inputs) {
        tensor = &found->second;
      } else {
        return std::nullopt;
      }
    }
    inputs.push_back(tensor);
  }
  budget.spend(node, types);
  return op->evaluate(node, inputs, types);
}

bool holds_batch_size(const Tensor& tensor) {
  if (tensor.dtype() != DType::kInt64) return false;
  const auto values = tensor.as<std::int64_t>();
  return std::find(values.begin(), values.end(), kBatchSize) != values.end();
}

}  // namespace gradus
