#include <protozero/exception.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/graph/normal_form.h"
#include "gradus/onnx/build_graph.h"
#include "gradus/onnx/limits.h"
#include "gradus/onnx/onnx.h"
#include "gradus/onnx/operators.h"
#include "gradus/onnx/read_model.h"

namespace gradus {
namespace onnx {
namespace {

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
                  "): quantizes while the network runs; expected floats, or a network quantized "
                  "statically");
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
  Graph graph = build_graph(model, Inputs::kFloats);
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
  const auto inputs = options.evaluation_only ? Inputs::kAll : Inputs::kFloats;
  Graph graph = build_graph(model, inputs, options.constants);
  if (!options.evaluation_only) refuse_quantized(graph);
  return normalized(std::move(graph), opset);
}

QuantizedNetwork import_quantized(ModelProto model) {
  const int opset = check_versions(model);
  QuantizedNetwork network;
  network.graph = build_graph(model, Inputs::kCodes);
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
