// ONNX files made byte by byte, for what no exporter of ours would write.
#pragma once

#include <protozero/pbf_writer.hpp>

#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/onnx/onnx.h"
#include "tests/support/temporary_folder.h"

namespace gradus::testing_support {

// A protobuf message: fields are added by number.
class Bytes {
 public:
  Bytes& text(std::uint32_t field, const std::string& value) {
    return with([&](auto& writer) { writer.add_string(field, value); });
  }
  Bytes& number(std::uint32_t field, std::int64_t value) {
    return with([&](auto& writer) { writer.add_int64(field, value); });
  }
  Bytes& real(std::uint32_t field, float value) {
    return with([&](auto& writer) { writer.add_float(field, value); });
  }
  Bytes& message(std::uint32_t field, const Bytes& value) {
    return with([&](auto& writer) { writer.add_message(field, value.str()); });
  }
  Bytes& numbers(std::uint32_t field, const std::vector<std::int64_t>& values) {
    return with(
        [&](auto& writer) { writer.add_packed_int64(field, values.begin(), values.end()); });
  }
  const std::string& str() const { return bytes_; }

 private:
  Bytes& with(const std::function<void(protozero::pbf_writer&)>& add) {
    protozero::pbf_writer writer(bytes_);
    add(writer);
    return *this;
  }
  std::string bytes_;
};

inline Bytes tensor_bytes(const std::string& name, int data_type,
                          const std::vector<std::int64_t>& dims) {
  return Bytes().numbers(1, dims).number(2, data_type).text(8, name);
}
inline Bytes node_bytes(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
  Bytes node;
  for (const auto& input : inputs) node.text(1, input);
  for (const auto& output : outputs) node.text(2, output);
  return node.text(3, op + "_node").text(4, op);
}
// Dimensions: -1 is written as dim_param N.
inline Bytes value_bytes(const std::string& name, const std::vector<std::int64_t>& dims,
                         int elem_type = 1) {
  Bytes shape;
  for (std::int64_t size : dims) {
    shape.message(1, size < 0 ? Bytes().text(2, "N") : Bytes().number(1, size));
  }
  const Bytes type = Bytes().message(1, Bytes().number(1, elem_type).message(2, shape));
  return Bytes().text(1, name).message(2, type);
}
inline Bytes model_bytes(const Bytes& graph, std::int64_t opset = 13) {
  return Bytes().number(1, 8).message(8, Bytes().text(1, "").number(2, opset)).message(7, graph);
}
// Input x [N, 4], a Relu, output y.
inline Bytes relu_graph() {
  return Bytes()
      .message(1, node_bytes("Relu", {"x"}, {"y"}))
      .text(2, "g")
      .message(11, value_bytes("x", {-1, 4}))
      .message(12, value_bytes("y", {-1, 4}));
}

// Without the sync to disk of write_file_atomically: tests write thousands.
inline void write_quickly(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline Graph import_bytes(const std::string& bytes) {
  const TemporaryFolder folder;
  write_quickly(folder.file("m.onnx"), bytes);
  return import_onnx(folder.file("m.onnx"));
}

}  // namespace gradus::testing_support
