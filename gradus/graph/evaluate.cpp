#include "gradus/graph/evaluate.h"

#include <map>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/graph/ops/support.h"
#include "gradus/graph/shape_inference.h"

namespace gradus {
namespace {

void expect_input(const Value& value, const Tensor& tensor) {
  bool fits = value.dtype == tensor.dtype() && value.shape->size() == tensor.shape().size();
  for (std::size_t axis = 0; fits && axis < value.shape->size(); ++axis) {
    const std::int64_t size = (*value.shape)[axis];
    fits = size == -1 || size == tensor.shape()[axis];
  }
  if (!fits) {
    throw Error(ErrorCode::kInvalidArgument,
                "input '" + value.name + "' is given " + dtype_name(tensor.dtype()) + " " +
                    to_string(tensor.shape()) + "; expected " + dtype_name(value.dtype) + " " +
                    to_string(*value.shape));
  }
}

// Values as they are computed, each kept until its last use.
class Evaluator {
 public:
  explicit Evaluator(const Graph& graph) : graph_(graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      for (ValueId id : graph.nodes[i].inputs) last_use_[id] = i;
    }
    for (ValueId id : graph.outputs) last_use_[id] = graph.nodes.size();
  }

  std::vector<Tensor> run(std::span<const Tensor> inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) keep(graph_.inputs[i], inputs[i]);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      compute(graph_.nodes[i]);
      std::erase_if(held_, [&](const auto& entry) { return last_use_[entry.first] <= i; });
    }
    std::vector<Tensor> outputs;
    for (ValueId id : graph_.outputs) outputs.push_back(value(id));
    return outputs;
  }

 private:
  // Shape inference reads shapes from the graph: the batch gets its size there.
  void keep(ValueId id, Tensor tensor) {
    graph_.value(id).shape = tensor.shape();
    graph_.value(id).dtype = tensor.dtype();
    held_[id] = std::move(tensor);
  }

  const Tensor& value(ValueId id) const {
    const auto& constant = graph_.value(id).constant;
    return constant ? *constant : held_.at(id);
  }

  void compute(const Node& node) {
    const GraphOp* op = find_graph_op(node.op);
    if (op == nullptr || op->evaluate == nullptr) {
      ops::refuse(node, "is not an operator that is evaluated outside of training");
    }
    const std::vector<TensorType> types = infer_node(graph_, node);
    std::vector<const Tensor*> inputs;
    for (ValueId id : node.inputs) inputs.push_back(id == kNoValue ? nullptr : &value(id));
    std::vector<Tensor> outputs = op->evaluate(node, inputs, types);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) keep(node.outputs[i], std::move(outputs[i]));
    }
  }

  Graph graph_;
  std::map<ValueId, std::size_t> last_use_;
  std::map<ValueId, Tensor> held_;
};

}  // namespace

std::vector<Tensor> evaluate_graph(const Graph& graph, std::span<const Tensor> inputs) {
  if (inputs.size() != graph.inputs.size()) {
    throw Error(ErrorCode::kInvalidArgument,
                "graph '" + graph.name + "' is given " + std::to_string(inputs.size()) +
                    " inputs; expected " + std::to_string(graph.inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    expect_input(graph.value(graph.inputs[i]), inputs[i]);
  }
  return Evaluator(graph).run(inputs);
}

}  // namespace gradus
