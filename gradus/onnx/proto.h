// An ONNX file as plain data, decoded and bounded but not yet understood as a network.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus::onnx {

struct NodeProto {
  std::string name;
  std::string op_type;
  std::string domain;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;
  bool broken = false;  // an attribute could not be read, and the reader was told to go on
};

struct DimensionProto {
  std::optional<std::int64_t> size;
  std::string symbol;
};

struct InputProto {
  std::string name;
  std::optional<DType> dtype;  // empty: not a tensor of a known type
  std::optional<std::vector<DimensionProto>> shape;
};

struct TensorProto {
  std::string name;
  Tensor tensor;
};

struct ModelProto {
  std::int64_t ir_version = 0;
  std::map<std::string, std::int64_t> opsets;  // by domain
  std::string name;
  std::vector<NodeProto> nodes;
  std::vector<TensorProto> initializers;
  std::vector<InputProto> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, std::string>
      metadata;  // the entries that gradus wrote, by key without prefix
};

// TensorProto.DataType. Empty for types that gradus does not hold.
std::optional<DType> dtype_from_proto(std::int64_t number);
int dtype_to_proto(DType dtype) noexcept;

}  // namespace gradus::onnx
