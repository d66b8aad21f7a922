// Computing a node whose inputs are constants, within a bound.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gradus/graph/op.h"

namespace gradus {

// How much folding may hold and do in all, so that a small file cannot ask for much. Every function
// throws Error (kUnsupported), naming the node, where more is asked for than is left.
class FoldingBudget {
 public:
  // Bytes of constants made: these, or four times as many as the graph holds when it begins.
  static constexpr std::int64_t kLeastBytes = 32 << 20;
  // Steps, which are elements read or made and multiply-adds: these, or 64 times the elements held.
  static constexpr std::int64_t kLeastSteps = 64 << 20;
  // Elements of float32 constants of one number throughout, which have no bytes (Tensor::filled):
  // the weights of the largest of common CNNs, which test networks are shipped with in this way
  // (VGG-19 has 144 million).
  static constexpr std::int64_t kMostFilled = std::int64_t{1} << 28;

  explicit FoldingBudget(const Graph& graph);

  // For a constant that is there now.
  void keep(const Node& node, const Tensor& tensor);
  // For a constant of one number throughout, which is about to be made.
  void fill(const Node& node, const TensorType& type);
  // For computing `types` of these inputs, null where left out.
  void compute(const Node& node, std::span<const Tensor* const> inputs,
               std::span<const TensorType> types);
  // For reading `tensor` to the last element.
  void read(const Node& node, const Tensor& tensor);

 private:
  void spend_bytes(const Node& node, const Shape& shape, std::int64_t bytes);
  void spend_steps(const Node& node, std::int64_t steps);

  std::int64_t bytes_left_ = kLeastBytes;
  std::int64_t steps_left_ = kLeastSteps;
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
