// The operators that gradus knows: for each its normal form, shapes, constant value and ONNX form.
// An operator is one file in graph/ops/ (closely related ones share a file) and one line in this
// folder's CMakeLists.txt. Importer, shape inference, export and cost go through this list.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

// Stands in an integer tensor for the batch size, which is not known before run time: a number that
// no exporter writes (they do write the ends of int64, for "as far as it goes").
constexpr std::int64_t kBatchSize = std::numeric_limits<std::int64_t>::min() + 0x67726164757321;

struct TensorType {
  DType dtype = DType::kFloat32;
  Shape shape;  // -1 for the batch
};

// What an operator may look at and leave behind while its node is brought into normal form.
struct NormalizeContext {
  Graph& graph;
  int opset;                 // of the file
  std::int64_t fixed_batch;  // what the file said where -1 stands now; 0 if it said nothing fixed
  // Integer tensors known but for the batch size: they hold kBatchSize.
  const std::unordered_map<ValueId, Tensor>& partial;

  // Adds a value; a taken name gets a suffix. Throws Error (kUnsupported) if its constant is more
  // than import may compute. References into the graph's values end here.
  std::function<ValueId(const Node& node, Value value)> add_value;
  // Puts a node in normal form before this one and returns its output, whose shape is known then
  // (and its value, if its inputs are constants). The node needs no name and no outputs: it is
  // named after `user`. Throws as import of such a node would.
  std::function<ValueId(const Node& user, Node node)> emit;

  std::optional<Tensor> result;  // set by normalize: the node is this constant; may hold kBatchSize
  std::vector<Node> after;       // nodes that follow this one, in normal form already
};

// Constants that become inputs of the ONNX node, by position.
using OnnxInputs = std::map<std::size_t, Tensor>;

// Export writes the least opset, from this one on, that has all operators of the network.
constexpr int kExportOpset = 13;

struct GraphOp {
  std::string type;  // ONNX's name
  int since = 7;     // lowest opset whose meaning is accepted
  std::size_t min_inputs = 1;
  std::size_t max_inputs = 1;
  std::vector<std::string> attributes = {};  // of every opset accepted; any other is refused

  // Checks the node and brings it into the form of normal_form.h; the shapes of its inputs are
  // known. May change `op`. Null: the ONNX node is the normal form. Throws Error, naming the node.
  void (*normalize)(NormalizeContext& context, Node& node) = nullptr;

  // Types of the outputs of a node in normal form. Throws Error: kInvalidFile if inputs and
  // attributes contradict each other, kUnsupported for what gradus does not compute.
  std::vector<TensorType> (*infer_shape)(const Graph& graph, const Node& node) = nullptr;

  // The outputs, of `types`, for known inputs (null where left out), for a node that infer_shape
  // accepted. Null: not computed. Throws Error if the types are not computed or a value is out of
  // range.
  std::vector<Tensor> (*evaluate)(const Node& node, std::span<const Tensor* const> inputs,
                                  std::span<const TensorType> types) = nullptr;
  // evaluate only moves elements of this many leading inputs, whatever they hold: a tensor that
  // holds kBatchSize may stand there.
  std::size_t moved_inputs = 0;

  // From normal form to the ONNX of opset `export_opset` and later: attributes back into inputs.
  // Null: nothing to do.
  void (*to_onnx)(Node& node, OnnxInputs& inputs) = nullptr;
  int export_opset = kExportOpset;
  // Where one node needs a later opset than export_opset: that one. Null: none does.
  int (*opset_needed)(const Node& node) = nullptr;

  // Multiply-accumulates for one item of the batch. Null: none.
  std::int64_t (*macs)(const Graph& graph, const Node& node) = nullptr;
};

using GraphOpFamily = std::vector<GraphOp>;  // what one file defines

std::span<const GraphOpFamily> graph_ops();
// Null if there is no such operator.
const GraphOp* find_graph_op(const std::string& type);

}  // namespace gradus
