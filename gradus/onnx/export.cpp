#include <protozero/pbf_writer.hpp>

#include <algorithm>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/graph/op.h"
#include "gradus/onnx/limits.h"
#include "gradus/onnx/onnx.h"
#include "gradus/onnx/packed.h"
#include "gradus/onnx/proto.h"
#include "gradus/onnx/read_model.h"
#include "gradus/qdq/lift.h"

namespace gradus {
namespace onnx {
namespace {

using protozero::pbf_writer;

// The lowest that has the opset (ONNX's Versioning.md).
int ir_version(int opset) {
  if (opset >= 25) return 13;
  if (opset >= 24) return 12;
  if (opset >= 23) return 11;
  if (opset >= 21) return 10;
  if (opset >= 19) return 9;
  return opset >= 15 ? 8 : 7;
}

// The bytes of a message in pieces, so that weights are not copied.
class Pieces {
 public:
  void add(std::string text) {
    size_ += text.size();
    pieces_.push_back({std::move(text), {}});
  }
  // `bytes` must outlive the pieces.
  void add(std::span<const std::byte> bytes) {
    size_ += bytes.size();
    pieces_.push_back({{}, bytes});
  }
  std::uint64_t size() const { return size_; }
  void write(const FileSink& sink) const {
    for (const auto& piece : pieces_) {
      if (!piece.owned.empty()) sink(std::as_bytes(std::span(piece.owned)));
      if (!piece.borrowed.empty()) sink(piece.borrowed);
    }
  }

 private:
  struct Piece {
    std::string owned;
    std::span<const std::byte> borrowed;
  };
  std::vector<Piece> pieces_;
  std::uint64_t size_ = 0;
};

// Tag and length of a length-delimited field.
std::string field_head(std::uint32_t field, std::uint64_t length) {
  std::string head;
  protozero::write_varint(std::back_inserter(head), std::uint64_t{field} << 3 | 2u);
  protozero::write_varint(std::back_inserter(head), length);
  return head;
}

std::string tensor_head(const std::string& name, const Tensor& tensor) {
  std::string head;
  pbf_writer writer(head);
  for (std::int64_t size : tensor.shape()) writer.add_int64(1, size);
  writer.add_int32(2, dtype_to_proto(tensor.dtype()));
  if (!name.empty()) writer.add_string(8, name);
  return head + field_head(9, stored_bytes(tensor.dtype(), tensor.size()));
}

void add_initializer(Pieces& pieces, const std::string& name, const Tensor& tensor) {
  std::string head = tensor_head(name, tensor);
  pieces.add(field_head(5, head.size() + stored_bytes(tensor.dtype(), tensor.size())));
  pieces.add(std::move(head));
  if (packed_bits(tensor.dtype()) != 0) return pieces.add(pack(tensor));
  pieces.add(tensor.bytes());
}

std::string tensor_text(const Tensor& tensor) {
  if (packed_bits(tensor.dtype()) != 0) return tensor_head("", tensor) + pack(tensor);
  return tensor_head("", tensor) +
         std::string(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size());
}

struct AttributeWriter {
  pbf_writer& writer;

  void type(int number) { writer.add_int32(20, number); }
  void operator()(float value) { writer.add_float(2, value), type(1); }
  void operator()(std::int64_t value) { writer.add_int64(3, value), type(2); }
  void operator()(const std::string& value) { writer.add_bytes(4, value), type(3); }
  void operator()(const Tensor& value) { writer.add_message(5, tensor_text(value)), type(4); }
  void operator()(const std::vector<float>& values) {
    for (float value : values) writer.add_float(7, value);
    type(6);
  }
  void operator()(const std::vector<std::int64_t>& values) {
    for (std::int64_t value : values) writer.add_int64(8, value);
    type(7);
  }
  void operator()(const std::vector<std::string>& values) {
    for (const auto& value : values) writer.add_bytes(9, value);
    type(8);
  }
};

class Exporter {
 public:
  explicit Exporter(const Graph& graph) : graph_(graph) {}

  Pieces run() {
    for (const auto& node : graph_.nodes) add_node(node);
    std::string name;
    pbf_writer(name).add_string(2, graph_.name.empty() ? "gradus" : graph_.name);
    pieces_.add(std::move(name));
    add_initializers();
    for (ValueId id : graph_.inputs) add_value_info(11, id);
    for (ValueId id : graph_.outputs) add_value_info(12, id);
    return std::move(pieces_);
  }

  // Tensors that became inputs again; `pieces` borrows from them.
  std::vector<std::pair<std::string, Tensor>> extra;

 private:
  void add_node(const Node& original) {
    const GraphOp* op = find_graph_op(original.op);
    check(op != nullptr || is_quantized_op(original.op),
          "exporting an operator that is not in the list");
    check((op == nullptr || original.inputs.size() <= op->max_inputs) &&
              !original.attributes.contains("activation_min") &&
              !original.attributes.contains("activation_max"),
          "exporting a prepared graph");
    Node node = original;
    OnnxInputs inputs;
    if (op != nullptr && op->to_onnx != nullptr) op->to_onnx(node, inputs);
    std::vector<std::string> names;
    for (ValueId id : node.inputs) names.push_back(id == kNoValue ? "" : graph_.value(id).name);
    for (auto& [position, tensor] : inputs) {
      names.resize(std::max(names.size(), position + 1));
      names[position] = free_name(node.name + ".input" + std::to_string(position));
      extra.emplace_back(names[position], std::move(tensor));
    }
    while (!names.empty() && names.back().empty()) names.pop_back();
    std::string text;
    write_node(node, names, text);
    pieces_.add(field_head(1, text.size()) + text);
  }

  void write_node(const Node& node, const std::vector<std::string>& inputs,
                  std::string& text) const {
    pbf_writer writer(text);
    for (const auto& name : inputs) writer.add_string(1, name);
    for (ValueId id : node.outputs) {
      writer.add_string(2, id == kNoValue ? "" : graph_.value(id).name);
    }
    writer.add_string(3, node.name);
    writer.add_string(4, node.op);
    for (const auto& [key, attribute] : node.attributes) {
      pbf_writer nested(writer, 5);
      nested.add_string(1, key);
      std::visit(AttributeWriter{nested}, attribute);
    }
  }

  void add_initializers() {
    for (const auto& value : graph_.values) {
      if (value.constant) add_initializer(pieces_, value.name, *value.constant);
    }
    for (const auto& [name, tensor] : extra) add_initializer(pieces_, name, tensor);
  }

  void add_value_info(std::uint32_t field, ValueId id) {
    const Value& value = graph_.value(id);
    check(value.shape.has_value(), "exporting a graph without shapes");
    std::string text;
    {
      pbf_writer info(text);
      info.add_string(1, value.name);
      pbf_writer type(info, 2);
      pbf_writer tensor_type(type, 1);
      tensor_type.add_int32(1, dtype_to_proto(value.dtype));
      // As text: a nested writer would leave out the empty shape of a single number.
      std::string shape;
      for (std::int64_t size : *value.shape) {
        std::string dimension;
        if (size < 0)
          pbf_writer(dimension).add_string(2, "N");
        else
          pbf_writer(dimension).add_int64(1, size);
        pbf_writer(shape).add_message(1, dimension);
      }
      tensor_type.add_message(2, shape);
    }
    pieces_.add(field_head(field, text.size()) + text);
  }

  std::string free_name(std::string name) const {
    const auto taken = [&](const std::string& candidate) {
      for (const auto& value : graph_.values) {
        if (value.name == candidate) return true;
      }
      for (const auto& [other, tensor] : extra) {
        if (other == candidate) return true;
      }
      return false;
    };
    while (taken(name)) name += "_";
    return name;
  }

  const Graph& graph_;
  Pieces pieces_;
};

// The opset asked for, or the first after it that has every operator of the graph as it is written.
int opset_of(const Graph& graph, int asked) {
  int opset = asked;
  for (const auto& node : graph.nodes) {
    const GraphOp* op = find_graph_op(node.op);
    if (op == nullptr) continue;
    opset = std::max(opset, op->export_opset);
    if (op->opset_needed != nullptr) opset = std::max(opset, op->opset_needed(node));
  }
  return opset;
}

std::string model_head(std::uint64_t graph_bytes, int opset_number, const ExportOptions& options) {
  std::string head;
  {
    pbf_writer writer(head);
    writer.add_int64(1, ir_version(opset_number));
    writer.add_string(2, "gradus");
    {
      pbf_writer opset(writer, 8);
      opset.add_string(1, "");
      opset.add_int64(2, opset_number);
    }
    for (const auto& [key, value] : options.metadata) {
      pbf_writer entry(writer, 14);
      entry.add_string(1, kMetadataPrefix + key);
      entry.add_string(2, value);
    }
  }
  return head + field_head(7, graph_bytes);
}

}  // namespace
}  // namespace onnx

void export_onnx(const Graph& graph, const std::string& path, const ExportOptions& options) {
  check(graph.quantizers.empty(), "exporting a graph with quantizers as a float graph");
  graph.verify();
  onnx::Exporter exporter(graph);
  const onnx::Pieces pieces = exporter.run();
  const int opset = onnx::opset_of(graph, options.opset);
  const std::string head = onnx::model_head(pieces.size(), opset, options);
  if (head.size() + pieces.size() > onnx::kMaxFileBytes) {
    throw Error(ErrorCode::kUnsupported, path + ": the network is " +
                                             std::to_string(pieces.size()) +
                                             " bytes; ONNX files hold at most 2 GiB");
  }
  write_file_atomically(path, [&](const FileSink& sink) {
    sink(std::as_bytes(std::span(head)));
    pieces.write(sink);
  });
}

}  // namespace gradus
