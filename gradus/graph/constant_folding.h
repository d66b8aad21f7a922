// Computing a node whose inputs are constants, within a bound.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gradus/graph/op.h"

namespace gradus {

// How many elements folding may make in all, so that a small file cannot ask for much.
class FoldingBudget {
 public:
  static constexpr std::int64_t kLeastElements = 16 << 20;
  // `elements_held`: how many elements the constants of the graph hold; four times as many, and at
  // least kLeastElements, may be made.
  explicit FoldingBudget(std::int64_t elements_held);
  // How many a ConstantOfShape may make in all, beside those: the weights of the largest of common
  // CNNs, which test networks are shipped with in this way (VGG-19 has 144 million).
  static constexpr std::int64_t kMostFilled = std::int64_t{1} << 28;
  // Throws Error (kUnsupported), naming the node, if `types` pass what is left.
  void spend(const Node& node, std::span<const TensorType> types);

 private:
  std::int64_t left_;
  std::int64_t filled_left_ = kMostFilled;
};

// The outputs of a node in normal form, of `types` (from infer_node), or nothing if an input is not
// known. Known are constants and, for the inputs that the operator only moves, `partial`.
// Throws Error as GraphOp::evaluate does.
std::optional<std::vector<Tensor>> fold(const Graph& graph, const Node& node,
                                        std::span<const TensorType> types,
                                        const std::unordered_map<ValueId, Tensor>& partial,
                                        FoldingBudget& budget);

// Whether an integer tensor holds kBatchSize.
bool holds_batch_size(const Tensor& tensor);

}  // namespace gradus
