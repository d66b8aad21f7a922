#include "gradus/cli/inspection.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/checkpoint/checkpoint.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/integer_network.h"
#include "gradus/cli/text.h"
#include "gradus/graph/cost.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"
#include "gradus/qmodel/file.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/quant/bitpack.h"
#include "gradus/run/run.h"
#include "gradus/runtime/engine.h"

namespace gradus {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string count_text(std::int64_t count) { return count > 0 ? fmt::format("{}", count) : ""; }

std::string shape_text(const std::optional<Shape>& shape) {
  return shape ? to_string(*shape) : "unknown";
}

std::string quantizer_text(const Graph& graph, ValueId id) {
  if (id == kNoValue || graph.value(id).quantizer == kNoQuantizer) return "";
  const auto& quantizer = graph.quantizers[static_cast<std::size_t>(graph.value(id).quantizer)];
  std::string text = fmt::format("{}{}", quantizer.spec.is_signed ? "s" : "u", quantizer.spec.bits);
  if (quantizer.spec.per_channel) return text + " per channel";
  if (quantizer.parameters.scale.size() == 1) {
    text += fmt::format(" scale {:.4g}", quantizer.parameters.scale[0]);
    if (quantizer.parameters.zero_point[0] != 0) {
      text += fmt::format(" zero {}", quantizer.parameters.zero_point[0]);
    }
  }
  return text;
}

// Of a node's quantized weights, packed as model.gradus stores them; 0 where there are none.
std::int64_t weight_bytes(const Graph& graph, ValueId id) {
  if (id == kNoValue || graph.value(id).quantizer == kNoQuantizer) return 0;
  const auto& spec = graph.quantizers[static_cast<std::size_t>(graph.value(id).quantizer)].spec;
  const auto count = static_cast<std::size_t>(graph.value(id).constant->size());
  return static_cast<std::int64_t>(packed_bytes(count, spec.bits));
}

void show_metadata(const std::map<std::string, std::string>& metadata, Console& console) {
  for (const auto& [key, value] : metadata) {
    const bool lines = value.find('\n') != std::string::npos;
    console.result("metadata", {{"key", json_text(key)}, {"value", json_text(value)}},
                   fmt::format("{}:{}{}", key, lines ? "\n" : " ", value));
  }
}

// Nodes of a float or prepared graph; quantizers where it has them.
void show_graph(const std::string& path, const Graph& graph, Console& console) {
  Rows rows = {{"node", "operator", "output", "weights", "parameters", "multiply-adds"}};
  const bool quantized = !graph.quantizers.empty();
  if (quantized)
    rows[0].insert(rows[0].end(), {"weight codes", "bytes of weights", "output codes"});
  const Cost all = graph_cost(graph);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const NodeCost& cost = all.nodes[i];
    const ValueId weights = node.input(1);
    const bool has_weights = weights != kNoValue && graph.value(weights).constant;
    std::vector<std::string> row = {node.name,
                                    node.op,
                                    shape_text(graph.value(node.outputs[0]).shape),
                                    has_weights ? shape_text(graph.value(weights).shape) : "",
                                    count_text(cost.parameters),
                                    count_text(cost.macs)};
    if (quantized) {
      const std::int64_t packed = weight_bytes(graph, has_weights ? weights : kNoValue);
      bytes += packed;
      row.push_back(quantizer_text(graph, has_weights ? weights : kNoValue));
      row.push_back(count_text(packed));
      row.push_back(quantizer_text(graph, node.outputs[0]));
    }
    console.result("node",
                   {{"name", json_text(node.name)},
                    {"op", json_text(node.op)},
                    {"output", json_text(row[2])},
                    {"macs", json_number(cost.macs)},
                    {"parameters", json_number(cost.parameters)}},
                   "");
    rows.push_back(std::move(row));
  }
  console.line(table_text(rows));
  const std::string sizes =
      quantized ? fmt::format(", {} of weights", format_bytes(static_cast<double>(bytes))) : "";
  const Value& input = graph.value(graph.inputs.at(0));
  console.result(
      "graph",
      {{"nodes", json_number(static_cast<std::int64_t>(graph.nodes.size()))},
       {"parameters", json_number(all.parameters)},
       {"macs", json_number(all.macs)}},
      fmt::format("{}: {} nodes, input '{}' {}, {:.3f} M parameters, {:.1f} M multiply-adds an "
                  "image{}",
                  path, graph.nodes.size(), input.name, shape_text(input.shape),
                  static_cast<double>(all.parameters) / 1e6, static_cast<double>(all.macs) / 1e6,
                  sizes));
}

// An island of the integer network.
void show_island_node(const QModel& model, const QNode& node, Console& console) {
  const auto* op = std::get_if<QIsland>(&node.op);
  if (op == nullptr) return;
  Island island;
  island.node = node.name;
  island.op = op->call.type;
  island.reason = "an island of the network";
  island.elements = element_count(op->call.output).value_or(0);
  island.macs = floatops::call_macs(op->call);
  const auto convert = [&](std::int32_t index) {
    const QTensor& tensor = model.tensors[static_cast<std::size_t>(index)];
    if (tensor.kind == QTensorKind::kCodes) island.converted += elements(tensor);
  };
  convert(node.output);
  for (std::int32_t input : node.inputs) convert(input);
  show_island(island, console);
}

}  // namespace

void show_island(const Island& island, Console& console) {
  console.result(
      "island",
      {{"node", json_text(island.node)},
       {"op", json_text(island.op)},
       {"reason", json_text(island.reason)},
       {"elements", json_number(island.elements)},
       {"macs", json_number(island.macs)},
       {"converted", json_number(island.converted)}},
      fmt::format("runs in float: {} ({}): {}; {}", island.node, island.op, island.reason,
                  island.refusal.empty() ? cost_text(island) : island.refusal));
}

void inspect_onnx(const std::string& path, Console& console) {
  show_graph(path, import_onnx(path), console);
}

void inspect_quantized_onnx(const std::string& path, Console& console) {
  const IntegerSource source = load_integer_source(path);
  show_graph(path, source.graph, console);
  for (const auto& island : islands(source.graph)) show_island(island, console);
  auto metadata = source.options.metadata;
  metadata.erase("written_by");  // of a file that this program writes
  metadata["requantize"] = profile_name(source.options.profile);
  show_metadata(metadata, console);
}

void inspect_run(const std::string& path, Console& console) {
  const LoadedRun run = load_run(path);
  show_graph(path, run.graph, console);
  for (const auto& island : islands(run.graph)) show_island(island, console);
  auto metadata = run.metadata;
  remember_origin(run.graph, &run.recipe, metadata);
  metadata.erase("written_by");  // of a file that this program writes
  show_metadata(metadata, console);
}

void inspect_model(const std::string& path, Console& console) {
  const QModel model = load_model(path);
  EngineOptions options;
  options.max_batch = 1;
  const Engine engine(model, options);
  Rows rows = {
      {"node", "operator", "output", "bits", "bytes of weights", "multiply-adds", "kernel"}};
  std::int64_t macs = 0;
  std::int64_t bytes = 0;
  const auto nodes = engine.nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const QTensor& out = model.tensors[static_cast<std::size_t>(model.nodes[i].output)];
    rows.push_back({nodes[i].name, nodes[i].op,
                    fmt::format("[{}, {}, {}]", out.channels, out.height, out.width),
                    out.kind == QTensorKind::kCodes ? std::to_string(out.bits) : "float",
                    count_text(nodes[i].weight_bytes), count_text(nodes[i].macs), nodes[i].kernel});
    macs += nodes[i].macs;
    bytes += nodes[i].weight_bytes;
    console.result("node",
                   {{"name", json_text(nodes[i].name)},
                    {"op", json_text(nodes[i].op)},
                    {"macs", json_number(nodes[i].macs)},
                    {"weight_bytes", json_number(nodes[i].weight_bytes)}},
                   "");
  }
  console.line(table_text(rows));
  for (const QNode& node : model.nodes) show_island_node(model, node, console);
  console.result(
      "model",
      {{"nodes", json_number(static_cast<std::int64_t>(nodes.size()))},
       {"weight_bytes", json_number(bytes)},
       {"macs", json_number(macs)},
       {"profile", json_text(profile_name(model.profile))}},
      fmt::format("{}: {} nodes, {} of weights, {:.1f} M multiply-adds an image, requantized "
                  "by {}",
                  path, nodes.size(), format_bytes(static_cast<double>(bytes)),
                  static_cast<double>(macs) / 1e6, profile_name(model.profile)));
  show_metadata(model.metadata, console);
}

void inspect_checkpoint(const std::string& path, Console& console) {
  const Checkpoint checkpoint = load_checkpoint(path);
  Rows rows = {{"tensor", "type", "shape"}};
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    rows.push_back({name, dtype_name(tensor.dtype()), to_string(tensor.shape())});
    bytes += static_cast<std::int64_t>(tensor.bytes().size());
    console.result("tensor",
                   {{"name", json_text(name)},
                    {"type", json_text(dtype_name(tensor.dtype()))},
                    {"shape", json_text(to_string(tensor.shape()))}},
                   "");
  }
  console.line(table_text(rows));
  show_metadata(checkpoint.metadata, console);
  console.result("checkpoint",
                 {{"tensors", json_number(static_cast<std::int64_t>(checkpoint.tensors.size()))},
                  {"bytes", json_number(bytes)}},
                 fmt::format("{}: {} tensors, {}", path, checkpoint.tensors.size(),
                             format_bytes(static_cast<double>(bytes))));
}

}  // namespace gradus
