#include <protozero/exception.hpp>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/graph/normal_form.h"
#include "gradus/onnx/limits.h"
#include "gradus/onnx/onnx.h"
#include "gradus/onnx/operators.h"
#include "gradus/onnx/read_model.h"

namespace gradus {
namespace onnx {
namespace {

// Turns names into values: each is made once, by an input, an initializer or a node.
class Importer {
 public:
  // What inputs may be: float32; or codes of 8 bits too; or of any type that a tensor has.
  enum class Inputs { kFloats, kCodes, kAll };

  // `constants`: see ImportOptions. Operators of other domains are named with them.
  Importer(ModelProto& model, Inputs allowed,
           const std::map<std::string, Tensor>& constants = no_constants())
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
  static const std::map<std::string, Tensor>& no_constants() {
    static const std::map<std::string, Tensor> none;
    return none;
  }

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
      return node.op == "Cast" && graph_.value(node.outputs[0]).dtype == DType::kFloat32;
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

int check_versions(const ModelProto& model) {
  if (model.ir_version < kLeastIrVersion || model.ir_version > kMostIrVersion) {
    invalid("ir_version is " + std::to_string(model.ir_version) + "; expected from " +
            std::to_string(kLeastIrVersion));
  }
  const auto found = model.opsets.find("");
  if (found == model.opsets.end() && model.opsets.empty()) {
    invalid("imports no opset; expected one of ai.onnx");
  }
  if (found == model.opsets.end()) {
    unsupported("imports no opset of ai.onnx but of '" + model.opsets.begin()->first +
                "'; expected operators of ai.onnx");
  }
  if (found->second < kLeastOpset || found->second > kMostOpset) {
    unsupported("opset is " + std::to_string(found->second) + "; expected from " +
                std::to_string(kLeastOpset) + " to " + std::to_string(kMostOpset));
  }
  return static_cast<int>(found->second);
}

void check_domains(const ModelProto& model) {
  for (const auto& node : model.nodes) {
    if (!node.domain.empty() && node.domain != "ai.onnx") {
      unsupported("node '" + node.name + "' (" + node.op_type + ") is of domain '" + node.domain +
                  "'; expected operators of ai.onnx");
    }
  }
}

// The one size that dimension 0 of every input is fixed to, or 0.
std::int64_t fixed_batch(const Graph& graph) {
  std::int64_t batch = 0;
  for (ValueId id : graph.inputs) {
    const Shape& shape = *graph.value(id).shape;
    if (shape.size() < 2 || shape[0] < 1 || (batch != 0 && shape[0] != batch)) return 0;
    batch = shape[0];
  }
  return batch;
}

Graph normalized(Graph graph, int opset) {
  const std::int64_t batch = fixed_batch(graph);
  if (batch == 0) {
    normalize(graph, {opset, 0});
    return graph;
  }
  Graph open = graph;
  for (ValueId id : open.inputs) (*open.value(id).shape)[0] = -1;
  try {
    normalize(open, {opset, batch});
    return open;
  } catch (const Error&) {
    // The network may be tied to its batch; if not, the same error comes again.
    normalize(graph, {opset, 0});
    return graph;
  }
}

// Calls `use` with what the file holds.
template <typename Use>
auto with_model(const std::string& path, Use use) {
  const MappedFile file(path);
  try {
    return use(file.bytes());
  } catch (const Error& error) {
    throw Error(error.code(), path + ": " + error.what());
  }
}

ModelProto decoded(std::span<const std::byte> bytes, const std::string& path, ErrorSink& errors) {
  if (bytes.size() > kMaxFileBytes)
    invalid("is larger than 2 GiB; expected weights in other files");
  ExternalFiles files(path);
  try {
    return read_model(bytes, files, errors);
  } catch (const protozero::exception& problem) {
    invalid(std::string("is damaged or no ONNX file: ") + problem.what());
  }
}

ModelProto decoded(std::span<const std::byte> bytes, const std::string& path) {
  ErrorSink errors;
  return decoded(bytes, path, errors);
}

bool is_quantized(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return is_quantized_op(node.op); });
}

// One line that names them: a network of codes is converted, not trained.
void refuse_quantized(const Graph& graph) {
  for (const auto& node : graph.nodes) {
    if (node.op.find("Integer") != std::string::npos || node.op == "DynamicQuantizeLinear") {
      unsupported("node '" + node.name + "' (" + node.op +
                  "): quantizes while the network runs; expected floats, or a network quantized statically");
    }
    if (!is_quantized_op(node.op)) continue;
    unsupported(
        "node '" + node.name + "' (" + node.op +
        "): is an operator that gradus does not compute in a float network; expected floats, "
        "or a quantized network given to gradus convert");
  }
}

ImportReport normalized_report(Graph graph, const NormalizeOptions& options,
                               const std::set<std::string>& broken) {
  ImportReport report;
  ErrorSink errors(report.errors);
  report.rest = normalize_what_can_be(graph, options, broken, errors);
  report.graph = std::move(graph);
  return report;
}

// With the batch opened, if fewer are wrong so; see normalized().
ImportReport normalized_report(Graph graph, int opset, const std::set<std::string>& broken) {
  const std::int64_t batch = fixed_batch(graph);
  if (batch == 0) return normalized_report(std::move(graph), {opset, 0}, broken);
  Graph open = graph;
  for (ValueId id : open.inputs) (*open.value(id).shape)[0] = -1;
  ImportReport report = normalized_report(std::move(open), {opset, batch}, broken);
  if (report.errors.empty()) return report;
  ImportReport closed = normalized_report(std::move(graph), {opset, 0}, broken);
  return closed.errors.size() < report.errors.size() ? closed : report;
}

ImportReport examine_float(ModelProto model, std::vector<Error> of_attributes) {
  const int opset = check_versions(model);
  Graph graph = Importer(model, Importer::Inputs::kFloats).run();
  refuse_quantized(graph);
  std::set<std::string> broken;
  for (const auto& node : model.nodes) {
    if (node.broken) broken.insert(node.name);
  }
  ImportReport report = normalized_report(std::move(graph), opset, broken);
  report.errors.insert(report.errors.begin(), of_attributes.begin(), of_attributes.end());
  return report;
}

Graph import_float(ModelProto model, const ImportOptions& options) {
  const int opset = check_versions(model);
  check_domains(model);
  const auto inputs = options.evaluation_only ? Importer::Inputs::kAll : Importer::Inputs::kFloats;
  Graph graph = Importer(model, inputs, options.constants).run();
  if (!options.evaluation_only) refuse_quantized(graph);
  return normalized(std::move(graph), opset);
}

QuantizedNetwork import_quantized(ModelProto model) {
  const int opset = check_versions(model);
  QuantizedNetwork network;
  network.graph = Importer(model, Importer::Inputs::kCodes).run();
  if (!is_quantized(network.graph)) {
    refuse_quantized(network.graph);
    throw Error(ErrorCode::kInvalidArgument,
                "is a float network; expected a quantized one: quantize it with gradus quantize or "
                "gradus train");
  }
  network.integers = lift_quantized(network.graph);
  network.graph = normalized(std::move(network.graph), opset);
  network.metadata = std::move(model.metadata);
  return network;
}

}  // namespace
}  // namespace onnx

Graph import_onnx(const std::string& path, const ImportOptions& options) {
  return onnx::with_model(
      path, [&](auto bytes) { return onnx::import_float(onnx::decoded(bytes, path), options); });
}

ImportReport examine_onnx(const std::string& path) {
  return onnx::with_model(path, [&](auto bytes) {
    std::vector<Error> of_attributes;
    ErrorSink errors(of_attributes);
    onnx::ModelProto model = onnx::decoded(bytes, path, errors);
    return onnx::examine_float(std::move(model), std::move(of_attributes));
  });
}

QuantizedNetwork import_quantized_onnx(const std::string& path) {
  return onnx::with_model(
      path, [&](auto bytes) { return onnx::import_quantized(onnx::decoded(bytes, path)); });
}

bool is_quantized_onnx(const std::string& path) {
  const MappedFile file(path);
  return onnx::has_operator(file.bytes(), is_quantized_op);
}

}  // namespace gradus
