// How libtorch computes one operator, in floats and in exact codes. One operator is one file in
// ops/ (closely related ones share a file) and one line in CMakeLists.txt. Groups of operators,
// which integers compute in one (prepare/groups.h), have their codes in group_codes.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gradus/graph/fused.h"
#include "gradus/graph/graph.h"
#include "gradus/quant/integer_linear.h"
#include "gradus/quant/requantize.h"

namespace gradus {

// What a float forward pass lets an operator know beside its inputs.
struct FloatContext {
  const Graph& graph;
  // Batch norms use the batch's own statistics and move the running ones.
  bool batch_statistics = false;
  // > 0: the running statistics become the average of all batches seen, this being the n-th
  // (re-estimation), instead of moving by the node's momentum.
  std::int64_t average_over = 0;
};

// What an integer form is made from.
struct CodeContext {
  const Graph& graph;
  Profile profile = Profile::kIeee32;

  bool is_codes(ValueId id) const { return graph.value(id).quantizer != kNoQuantizer; }
  // The calibrated quantizer of an activation. Throws Error (kInvalidArgument), naming the value,
  // if it has no parameters.
  ActivationQuantizer quantizer(ValueId id) const;
  // The codes that node's output may take: its grid cut by the fused clamp and `own`, the clamp
  // that the operator is.
  CodeRange output_codes(const Node& node, Clamp own = {}) const;
};

// Exact codes: inputs are the node's data inputs as float tensors that hold code - zero_point; the
// result is the same of its output, or reals where the output has no quantizer. Maps are channels
// last.
using CodeFunction = std::function<at::Tensor(std::span<const at::Tensor>)>;

struct TrainOp {
  const char* op;  // the operator's name in a graph
  // inputs[i] belongs to node.inputs[i], undefined where it is left out; weights come quantized.
  // The node's clamp and the output's quantizer are applied by the caller.
  at::Tensor (*forward)(const FloatContext& context, const Node& node,
                        std::span<const at::Tensor> inputs);
  // Null where there is no integer form. Called only for nodes that no_integer_form() accepts and
  // whose data inputs are codes; the fused clamp and the output's quantizer are its own affair.
  CodeFunction (*codes)(const CodeContext& context, const Node& node) = nullptr;
  // Nobody but the caller holds the result, and no backward pass needs it: it may be overwritten.
  bool fresh_output = false;
  // Moves values without changing them: an output with its inputs' quantizer needs no rounding.
  bool moves_values = false;
};

using TrainOpFamily = std::vector<TrainOp>;  // what one file defines

// In the order of CMakeLists.txt.
std::span<const TrainOpFamily> train_ops();
// Throws Error (kUnsupported) naming the node and the operators that there are.
const TrainOp& find_train_op(const Node& node);

// The loop that most float operators end in: y clamped, in place where `fresh`.
at::Tensor apply_clamp(const at::Tensor& y, Clamp clamp, bool fresh);

}  // namespace gradus
