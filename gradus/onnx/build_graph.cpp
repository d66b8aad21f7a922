#include "gradus/onnx/build_graph.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/onnx/limits.h"
#include "gradus/onnx/operators.h"
#include "gradus/onnx/wire.h"

namespace gradus::onnx {
namespace {

// Turns names into values: each is made once, by an input, an initializer or a node.
class Builder {
 public:
  Builder(ModelProto& model, Inputs allowed, const std::map<std::string, Tensor>& constants)
      : model_(model), allowed_(allowed), constants_(constants) {}

  Graph run() {
    graph_.name = model_.name;
    for (auto& initializer : model_.initializers) add_initializer(initializer);
    for (const auto& input : model_.inputs) add_input(input);
    for (std::size_t i = 0; i < model_.nodes.size(); ++i) add_outputs(i);
    for (auto& node : model_.nodes) add_node(node);
    for (const auto& name : model_.outputs) add_output(name);
    if (graph_.outputs.empty()) invalid("the graph has no output");
    for (ValueId id : graph_.inputs) take_input_as_floats(id);
    for (const auto& [name, tensor] : constants_) {
      if (!by_name_.contains(name)) bad_constant(name, "the network has no such value");
    }
    return std::move(graph_);
  }

 private:
  ValueId add(Value value, const char* kind) {
    if (value.name.empty()) invalid(std::string(kind) + " has no name");
    const auto id = static_cast<ValueId>(graph_.values.size());
    if (!by_name_.emplace(value.name, id).second) {
      invalid(std::string(kind) + " '" + value.name + "' has a name that is taken");
    }
    graph_.values.push_back(std::move(value));
    return id;
  }

  [[noreturn]] static void bad_constant(const std::string& name, const std::string& text) {
    throw Error(ErrorCode::kInvalidArgument, "constant '" + name + "': " + text);
  }

  // The value as it is given, in place of what the file says of it.
  Value given(const std::string& name) const {
    Value value;
    value.name = name;
    value.constant = constants_.at(name);
    value.dtype = value.constant->dtype();
    value.shape = value.constant->shape();
    return value;
  }

  void add_given_input(const InputProto& input) {
    const Value value = given(input.name);
    bool fits = (!input.dtype || *input.dtype == value.dtype) &&
                (!input.shape || input.shape->size() == value.shape->size());
    for (std::size_t i = 0; fits && input.shape && i < input.shape->size(); ++i) {
      const auto& size = (*input.shape)[i].size;
      fits = !size || *size < 0 || *size == (*value.shape)[i];
    }
    if (!fits) {
      bad_constant(input.name, std::string("is ") + dtype_name(value.dtype) + " " +
                                   to_string(*value.shape) + "; expected what the input declares");
    }
    add(value, "input");
  }

  void add_initializer(TensorProto& initializer) {
    if (constants_.contains(initializer.name)) {
      add(given(initializer.name), "initializer");
      return;
    }
    Value value;
    value.name = initializer.name;
    value.dtype = initializer.tensor.dtype();
    value.shape = initializer.tensor.shape();
    value.constant = std::move(initializer.tensor);
    add(std::move(value), "initializer");
  }

  void add_input(const InputProto& input) {
    // Before IR version 4 every initializer was an input as well.
    const auto known = by_name_.find(input.name);
    if (known != by_name_.end() && input_names_.insert(input.name).second &&
        graph_.value(known->second).constant) {
      return;
    }
    input_names_.insert(input.name);
    if (constants_.contains(input.name)) return add_given_input(input);
    if (!input.dtype || !input.shape) {
      invalid("input '" + input.name + "' has no tensor type or no shape; expected both");
    }
    Value value;
    value.name = input.name;
    value.dtype = *input.dtype;
    value.shape = shape_of(input);
    graph_.inputs.push_back(add(std::move(value), "input"));
  }

  // Pixels come as floats: where all that reads an input of another type casts it to float32, the
  // input is float32 and holds the same numbers.
  void take_input_as_floats(ValueId id) {
    Value& input = graph_.value(id);
    const bool codes = input.dtype == DType::kInt8 || input.dtype == DType::kUint8;
    if (input.dtype == DType::kFloat32 || allowed_ == Inputs::kAll) return;
    if (allowed_ == Inputs::kCodes && codes) return;
    const std::vector<std::size_t> readers = graph_.consumers(id);
    const bool cast = std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
      const Node& node = graph_.nodes[reader];
      constexpr std::int64_t kFloat32 = 1;  // ONNX's TensorProto.DataType
      return node.op == "Cast" && node.integer("to", 0) == kFloat32;
    });
    if (!cast || graph_.is_output(id)) {
      unsupported("input '" + input.name + "' is " + dtype_name(input.dtype) +
                  "; expected float32, or a Cast to float32 as all that reads it");
    }
    input.dtype = DType::kFloat32;
    for (std::size_t reader : readers) {
      graph_.nodes[reader].op = "Identity";
      graph_.nodes[reader].attributes.clear();
    }
  }

  // Dimension 0 may be open; every other must be a number.
  static Shape shape_of(const InputProto& input) {
    Shape shape;
    for (const auto& dimension : *input.shape) {
      const std::string place =
          "input '" + input.name + "': dimension " + std::to_string(shape.size());
      const bool open = !dimension.size || *dimension.size == -1;
      if (!open && (*dimension.size < 1 || *dimension.size > kMaxDimension)) {
        invalid(place + " is " + std::to_string(*dimension.size) + "; expected from 1 to 2^31");
      }
      if (open && !shape.empty()) {
        unsupported(place + " is " +
                    (dimension.symbol.empty() ? "open" : "'" + dimension.symbol + "'") +
                    "; expected a number: only the batch may be open, export with fixed sizes");
      }
      shape.push_back(open ? -1 : *dimension.size);
    }
    return shape;
  }

  void add_outputs(std::size_t node_index) {
    NodeProto& node = model_.nodes[node_index];
    if (node.op_type.empty()) invalid("node '" + node.name + "' has no op_type");
    if (node.name.empty()) node.name = node.op_type + "_" + std::to_string(node_index);
    const std::string base = node.name;
    for (int copy = 1; !node_names_.insert(node.name).second; ++copy) {
      node.name = base + "_" + std::to_string(node_index) + "_" + std::to_string(copy);
    }
    for (const auto& name : node.outputs) {
      if (name.empty()) continue;
      Value value;
      value.name = name;
      if (constants_.contains(name)) value = given(name);
      add(std::move(value), ("output of node '" + node.name + "'").c_str());
    }
  }

  void add_node(NodeProto& node) {
    Node result;
    result.name = node.name;
    result.op = qualified_name(node.domain, node.op_type);
    result.attributes = std::move(node.attributes);
    for (const auto& name : node.inputs) {
      result.inputs.push_back(name.empty() ? kNoValue : find(name, "node '" + node.name + "'"));
    }
    bool used = false;
    for (const auto& name : node.outputs) {
      const bool known = name.empty() || constants_.contains(name);
      result.outputs.push_back(known ? kNoValue : by_name_.at(name));
      used = used || !known;
    }
    if (used || node.outputs.empty()) graph_.nodes.push_back(std::move(result));
  }

  void add_output(const std::string& name) {
    const ValueId id = find(name, "the graph's list of outputs");
    if (graph_.is_output(id)) invalid("output '" + name + "' is listed twice");
    graph_.outputs.push_back(id);
  }

  ValueId find(const std::string& name, const std::string& user) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) invalid(user + " uses '" + name + "', which nothing makes");
    return found->second;
  }

  ModelProto& model_;
  Inputs allowed_;
  const std::map<std::string, Tensor>& constants_;
  Graph graph_;
  std::unordered_map<std::string, ValueId> by_name_;
  std::set<std::string> node_names_;
  std::set<std::string> input_names_;
};

}  // namespace

Graph build_graph(ModelProto& model, Inputs allowed,
                  const std::map<std::string, Tensor>& constants) {
  return Builder(model, allowed, constants).run();
}

}  // namespace gradus::onnx
