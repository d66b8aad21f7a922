#include "gradus/onnx/read_model.h"

#include <utility>

#include "gradus/onnx/limits.h"

namespace gradus::onnx {
namespace {

void expect_room(std::size_t count, std::size_t limit, const std::string& what) {
  if (count >= limit) invalid("has more than " + std::to_string(limit) + " " + what);
}

// AttributeProto.AttributeType.
enum : std::int64_t {
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
};

struct AttributeParts {
  std::string name;
  std::int64_t type = 0;
  float real = 0.0f;
  std::int64_t integer = 0;
  std::string text;
  std::optional<Tensor> tensor;
  std::vector<float> reals;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
};

Attribute value_of(AttributeParts parts) {
  switch (parts.type) {
    case kFloat:
      return parts.real;
    case kInt:
      return parts.integer;
    case kString:
      return std::move(parts.text);
    case kTensor:
      if (!parts.tensor) invalid("has no tensor");
      return std::move(*parts.tensor);
    case kFloats:
      return std::move(parts.reals);
    case kInts:
      return std::move(parts.integers);
    case kStrings:
      return std::move(parts.texts);
    default:
      unsupported("is of type " + std::to_string(parts.type) +
                  "; expected numbers, strings or a tensor");
  }
}

AttributeParts read_attribute(Message message, ExternalFiles& files) {
  AttributeParts parts;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        parts.name = read_name(message, "an attribute's name");
        break;
      case 2:
        parts.real = read_float(message, "a float attribute");
        break;
      case 3:
        parts.integer = read_int(message, "an integer attribute");
        break;
      case 4:
        parts.text = read_text(message, kMaxTextBytes, "a string attribute");
        break;
      case 5:
        parts.tensor = read_tensor(read_message(message, "a tensor attribute"), files).tensor;
        break;
      case 6:
      case 11:
        unsupported("has a subgraph; expected a network without control flow");
      case 7:
        read_floats(message, parts.reals, kMaxListItems, "a list of floats");
        break;
      case 8:
        read_ints(message, parts.integers, kMaxListItems, "a list of integers");
        break;
      case 9:
        expect_room(parts.texts.size(), kMaxListItems, "strings in an attribute");
        parts.texts.push_back(read_text(message, kMaxTextBytes, "a list of strings"));
        break;
      case 20:
        parts.type = read_int(message, "an attribute's type");
        break;
      case 21:
        unsupported("refers to an attribute of a local function; expected a value");
      default:
        message.skip();
    }
  }
  return parts;
}

void add_attribute(Message message, NodeProto& node, ExternalFiles& files) {
  expect_room(node.attributes.size(), kMaxAttributes, "attributes");
  std::string name = peek_name(message, 1);
  Attribute value = told_at([&] { return "attribute '" + name + "'"; },
                            [&] { return value_of(read_attribute(message, files)); });
  if (name.empty() || !node.attributes.emplace(name, std::move(value)).second) {
    invalid("attribute '" + name + "' has no name or is there twice");
  }
}

// `place`: what a message about the node begins with.
template <typename Place>
void read_node_fields(Message message, NodeProto& node, ExternalFiles& files, ErrorSink& errors,
                      const Place& place) {
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        expect_room(node.inputs.size(), kMaxNodeInputs, "inputs");
        node.inputs.push_back(read_name(message, "an input"));
        break;
      case 2:
        expect_room(node.outputs.size(), kMaxNodeInputs, "outputs");
        node.outputs.push_back(read_name(message, "an output"));
        break;
      case 3:
        node.name = read_name(message, "its name");
        break;
      case 4:
        node.op_type = read_name(message, "its op_type");
        break;
      case 5:
        if (errors.keeps()) {
          const Message attribute = read_message(message, "an attribute");
          const bool good = errors.attempt(
              [&] { told_at(place, [&] { add_attribute(attribute, node, files); }); });
          node.broken = node.broken || !good;
        } else {
          add_attribute(read_message(message, "an attribute"), node, files);
        }
        break;
      case 7:
        node.domain = read_name(message, "its domain");
        break;
      default:
        message.skip();
    }
  }
}

NodeProto read_node(Message message, std::size_t index, ExternalFiles& files, ErrorSink& errors) {
  NodeProto node;
  const auto place = [&] {
    const std::string name = peek_name(message, 3);
    return "node " + (name.empty() ? std::to_string(index) : "'" + name + "'") + " (" +
           peek_name(message, 4) + ")";
  };
  told_at(place, [&] { read_node_fields(message, node, files, errors, place); });
  return node;
}

DimensionProto read_dimension(Message message) {
  DimensionProto dimension;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        dimension.size = read_int(message, "dim_value");
        break;
      case 2:
        dimension.symbol = read_name(message, "dim_param");
        break;
      default:
        message.skip();
    }
  }
  return dimension;
}

void read_tensor_type(Message message, InputProto& input) {
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        input.dtype = dtype_from_proto(read_int(message, "elem_type"));
        break;
      case 2: {
        input.shape.emplace();
        Message shape = read_message(message, "a shape");
        while (shape.next()) {
          if (shape.tag() != 1) {
            shape.skip();
            continue;
          }
          expect_room(input.shape->size(), kMaxRank, "dimensions");
          input.shape->push_back(read_dimension(read_message(shape, "a dimension")));
        }
        break;
      }
      default:
        message.skip();
    }
  }
}

void read_value_info_fields(Message message, InputProto& input) {
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        input.name = read_name(message, "its name");
        break;
      case 2: {
        Message type = read_message(message, "a type");
        while (type.next()) {
          if (type.tag() == 1)
            read_tensor_type(read_message(type, "a tensor type"), input);
          else
            type.skip();
        }
        break;
      }
      default:
        message.skip();
    }
  }
}

// `kind`: "input" or "output".
InputProto read_value_info(Message message, const char* kind) {
  InputProto input;
  told_at([&] { return std::string(kind) + " '" + peek_name(message, 1) + "'"; },
          [&] { read_value_info_fields(message, input); });
  return input;
}

void read_graph(Message message, ModelProto& model, ExternalFiles& files, ErrorSink& errors) {
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        expect_room(model.nodes.size(), kMaxNodes, "nodes");
        model.nodes.push_back(
            read_node(read_message(message, "a node"), model.nodes.size(), files, errors));
        break;
      case 2:
        model.name = read_name(message, "the graph's name");
        break;
      case 5:
        expect_room(model.initializers.size(), kMaxTensors, "initializers");
        model.initializers.push_back(read_tensor(read_message(message, "an initializer"), files));
        break;
      case 11:
        expect_room(model.inputs.size(), kMaxGraphInputs, "inputs");
        model.inputs.push_back(read_value_info(read_message(message, "an input"), "input"));
        break;
      case 12:
        expect_room(model.outputs.size(), kMaxGraphInputs, "outputs");
        model.outputs.push_back(read_value_info(read_message(message, "an output"), "output").name);
        break;
      case 15:
        unsupported("has sparse initializers; expected dense ones");
      default:
        message.skip();
    }
  }
}

void read_opset(Message message, ModelProto& model) {
  std::string domain;
  std::int64_t version = 0;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        domain = read_name(message, "an opset's domain");
        break;
      case 2:
        version = read_int(message, "an opset's version");
        break;
      default:
        message.skip();
    }
  }
  if (domain == "ai.onnx") domain.clear();
  expect_room(model.opsets.size(), kMaxAttributes, "opset imports");
  if (!model.opsets.emplace(domain, version).second) invalid("imports one opset twice");
}

// metadata_props: of other tools' entries nothing is kept.
void read_metadata(Message message, ModelProto& model) {
  std::string key;
  std::string value;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        key = read_name(message, "a key of metadata_props");
        break;
      case 2:
        value = read_text(message, kMaxTextBytes, "a value of metadata_props");
        break;
      default:
        message.skip();
    }
  }
  if (!key.starts_with(kMetadataPrefix)) return;
  expect_room(model.metadata.size(), kMaxAttributes, "entries of metadata_props");
  model.metadata[key.substr(std::char_traits<char>::length(kMetadataPrefix))] = std::move(value);
}

}  // namespace

ModelProto read_model(std::span<const std::byte> bytes, ExternalFiles& files) {
  ErrorSink errors;
  return read_model(bytes, files, errors);
}

ModelProto read_model(std::span<const std::byte> bytes, ExternalFiles& files, ErrorSink& errors) {
  ModelProto model;
  bool has_graph = false;
  Message message(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        model.ir_version = read_int(message, "ir_version");
        break;
      case 7:
        if (std::exchange(has_graph, true)) invalid("holds two graphs; expected one");
        read_graph(read_message(message, "the graph"), model, files, errors);
        break;
      case 8:
        read_opset(read_message(message, "an opset import"), model);
        break;
      case 14:
        read_metadata(read_message(message, "an entry of metadata_props"), model);
        break;
      case 25:
        unsupported("has local functions; expected them inlined");
      default:
        message.skip();
    }
  }
  if (!has_graph) invalid("holds no graph; expected an ONNX model");
  return model;
}

}  // namespace gradus::onnx
