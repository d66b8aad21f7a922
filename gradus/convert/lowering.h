// How each operator becomes a node of the integer network. A lowering is one file in lowerings/ and
// one line in the folder's CMakeLists.txt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/graph/fused.h"
#include "gradus/graph/graph.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

class LoweringContext {
 public:
  LoweringContext(const Graph& graph, QModel& model);

  const Graph& graph() const noexcept { return graph_; }

  // The tensor of the node's i-th data input.
  const QTensor& input(const Node& node, std::size_t i = 0) const;
  // The quantizer of the node's output; null where it leaves as float.
  const Quantizer* output_quantizer(const Node& node) const;
  // The clamp of the output's codes: its grid cut by `clamp`. Output must be codes.
  CodeRange output_codes(const Node& node, Clamp clamp) const;

  // Adds the integer node, with a tensor for the output, reading the first `inputs` data inputs.
  void emit(const Node& node, QOperator op, std::size_t inputs = 1);
  // Adds a flatten of the node's data input, which emit() reads from then on in its place.
  void emit_flatten(const Node& node);
  // Adds the node as an island (prepare/island_form.h).
  void emit_island(const Node& node);
  // Whether the node only reshapes floats by pixels, for which no island is needed.
  bool passes_on_float(const Node& node) const;
  // Lets the output be another name of the input.
  void alias(const Node& node);

  // For convert(): the network's ends.
  void add_input(ValueId id);
  void add_output(ValueId id);

 private:
  std::int32_t add_tensor(QTensor tensor);
  std::int32_t tensor_of(ValueId id) const;
  QTensor float_tensor(ValueId id) const;
  QTensor tensor_for(ValueId id) const;

  const Graph& graph_;
  QModel& model_;
  std::vector<std::int32_t> tensors_;  // of each value; -1 where there is none
  std::int32_t flattened_ = -1;        // what the next emit() reads instead, if any
};

struct Lowering {
  std::string op_type;  // or "activation" and "movement" (prepare/groups.h)
  void (*lower)(LoweringContext& context, const Node& node);
};
using LoweringFamily = std::vector<Lowering>;  // what one file defines

std::span<const LoweringFamily> lowerings();
const Lowering* find_lowering(const std::string& op_type);  // null if there is none

// A size of the graph as an int32 of the model. Throws Error (kUnsupported) if it is out of its
// range.
std::int32_t extent(const Node& node, std::int64_t size);

}  // namespace gradus
