#include "gradus/graph/constant_folding.h"

#include <algorithm>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::int64_t product(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? kMost : result;
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? kMost : result;
}

// At least how many steps each element takes, of the result or of the input where that has more:
// the taps of a window or of a filter, the rows of a matrix.
std::int64_t steps_each(const Node& node, std::span<const Tensor* const> inputs) {
  std::int64_t steps = node.op == "LRN" ? std::max<std::int64_t>(1, node.integer("size", 1)) : 1;
  for (std::int64_t taps : node.integers("kernel_shape", {})) steps = product(steps, taps);
  const bool multiplies = node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm" ||
                          node.op == "MatMul" || node.op.find("QLinear") == 0 ||
                          node.op.find("Integer") != std::string::npos;
  for (std::size_t i = 1; multiplies && i < inputs.size(); ++i) {
    if (inputs[i] == nullptr || inputs[i]->shape().size() < 2 || inputs[i]->size() == 0) continue;
    const Shape& shape = inputs[i]->shape();
    const std::int64_t filter = node.op == "MatMul" ? 1 : inputs[i]->size() / shape[0];
    steps = std::max({steps, filter, shape[shape.size() - 2]});
  }
  return steps;
}

}  // namespace

FoldingBudget::FoldingBudget(const Graph& graph) {
  std::int64_t bytes = 0, elements = 0;
  for (const auto& value : graph.values) {
    if (!value.constant || value.constant->is_filled()) continue;
    bytes = sum(bytes, static_cast<std::int64_t>(value.constant->byte_count()));
    elements = sum(elements, value.constant->size());
  }
  bytes_left_ = std::max(kLeastBytes, product(4, bytes));
  steps_left_ = std::max(kLeastSteps, product(64, elements));
}

void FoldingBudget::spend_bytes(const Node& node, const Shape& shape, std::int64_t bytes) {
  if (bytes > bytes_left_) {
    ops::refuse(node, "makes a constant of " + to_string(shape) + " elements, " +
                          std::to_string(bytes) + " bytes; only " + std::to_string(bytes_left_) +
                          " bytes more of constants are computed at import");
  }
  bytes_left_ -= bytes;
}

void FoldingBudget::spend_steps(const Node& node, std::int64_t steps) {
  if (steps > steps_left_) {
    ops::refuse(node, "computes a constant in " + std::to_string(steps) + " steps; only " +
                          std::to_string(steps_left_) + " more are taken at import");
  }
  steps_left_ -= steps;
}

void FoldingBudget::keep(const Node& node, const Tensor& tensor) {
  if (tensor.is_filled() && tensor.dtype() == DType::kFloat32)
    return;  // was counted when it was made
  spend_bytes(node, tensor.shape(), static_cast<std::int64_t>(tensor.byte_count()));
}

void FoldingBudget::fill(const Node& node, const TensorType& type) {
  const std::int64_t count = element_count(type.shape).value_or(kMost);
  if (type.dtype != DType::kFloat32) {
    const auto width = static_cast<std::int64_t>(dtype_bytes(type.dtype));
    return spend_bytes(node, type.shape, product(count, width));
  }
  if (count > filled_left_) {
    ops::refuse(node, "makes a constant of " + to_string(type.shape) + "; only " +
                          std::to_string(filled_left_) + " elements more are filled at import");
  }
  filled_left_ -= count;
}

void FoldingBudget::compute(const Node& node, std::span<const Tensor* const> inputs,
                            std::span<const TensorType> types) {
  std::int64_t elements = 0;
  for (const Tensor* input : inputs) {
    if (input == nullptr) continue;
    elements = sum(elements, input->size());
    spend_bytes(node, input->shape(), static_cast<std::int64_t>(input->bytes_unmade()));
  }
  for (const auto& type : types) {
    const std::int64_t count = element_count(type.shape).value_or(kMost);
    elements = sum(elements, count);
    spend_bytes(node, type.shape,
                product(count, static_cast<std::int64_t>(dtype_bytes(type.dtype))));
  }
  spend_steps(node, product(elements, steps_each(node, inputs)));
}

void FoldingBudget::read(const Node& node, const Tensor& tensor) {
  spend_bytes(node, tensor.shape(), static_cast<std::int64_t>(tensor.bytes_unmade()));
  spend_steps(node, tensor.size());
}

namespace {

bool only_reshapes(const Node& node) {
  return node.op == "Identity" || node.op == "Reshape" || node.op == "Flatten" ||
         node.op == "Squeeze" || node.op == "Unsqueeze";
}

// The outputs where they are known without looking at every element: of a constant of one number
// that is only moved, or of one that only changes its shape.
std::optional<std::vector<Tensor>> without_computing(const GraphOp& op, const Node& node,
                                                     std::span<const Tensor* const> inputs,
                                                     std::span<const TensorType> types,
                                                     FoldingBudget& budget) {
  const Tensor& first = *inputs[0];
  if (only_reshapes(node)) {
    Tensor same = first;
    same.reshape(types[0].shape);
    return std::vector<Tensor>{std::move(same)};
  }
  if (!first.is_filled() || op.moved_inputs != 1) return std::nullopt;
  std::vector<Tensor> made;
  for (const auto& type : types) {
    if (element_count(type.shape) > first.size()) budget.fill(node, type);
    made.push_back(Tensor::filled(first.element(), type.shape));
  }
  return made;
}

}  // namespace

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
  if (node.op == "ConstantOfShape") {
    budget.fill(node, types[0]);
  } else if (auto known = without_computing(*op, node, inputs, types, budget)) {
    return known;
  } else {
    budget.compute(node, inputs, types);
  }
  return op->evaluate(node, inputs, types);
}

bool holds_batch_size(const Tensor& tensor) {
  if (tensor.dtype() != DType::kInt64) return false;
  if (tensor.is_filled()) return tensor.element().as<std::int64_t>()[0] == kBatchSize;
  const auto values = tensor.as<std::int64_t>();
  return std::find(values.begin(), values.end(), kBatchSize) != values.end();
}

}  // namespace gradus
