// Graphs of ONNX nodes, made by hand: one input "x" and what a test adds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/graph/normal_form.h"

namespace gradus::testing_support {

inline Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::from<float>(std::move(shape), values);
}
inline Tensor int64s(const std::vector<std::int64_t>& values) {
  return Tensor::from<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}
inline Tensor int64(std::int64_t value) { return Tensor::from<std::int64_t>({}, {&value, 1}); }

class OnnxGraph {
 public:
  explicit OnnxGraph(Shape input) {
    Value value;
    value.name = "x";
    value.shape = std::move(input);
    x = graph.add_value(std::move(value));
    graph.inputs = {x};
  }
  ValueId constant(Tensor tensor) {
    return graph.add_constant("c" + std::to_string(graph.values.size()), std::move(tensor));
  }
  // A float constant of zeros.
  ValueId zeros(Shape shape) { return constant(Tensor(DType::kFloat32, std::move(shape))); }
  // The output of a new node; nodes are named op_0, op_1, ...
  ValueId add(const std::string& op, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {}) {
    const std::string name = op + "_" + std::to_string(graph.nodes.size());
    Value value;
    value.name = name + "_out";
    const ValueId out = graph.add_value(std::move(value));
    graph.nodes.push_back({name, op, std::move(inputs), {out}, std::move(attributes)});
    return out;
  }
  // The graph in normal form, with these outputs.
  Graph normal(std::vector<ValueId> outputs, NormalizeOptions options = {}) {
    graph.outputs = std::move(outputs);
    normalize(graph, options);
    return graph;
  }

  Graph graph;
  ValueId x = kNoValue;
};

inline const Shape& output_shape(const Graph& graph) {
  return graph.value(graph.outputs.at(0)).shape.value();
}
inline std::vector<std::string> op_list(const Graph& graph) {
  std::vector<std::string> list;
  for (const auto& node : graph.nodes) list.push_back(node.op);
  return list;
}

using Integers = std::vector<std::int64_t>;

}  // namespace gradus::testing_support
