// A network around each float operator: convolution, operator, fully connected layer.
#pragma once

#include <set>
#include <string>

#include "gradus/graph/shape_inference.h"
#include "tests/prepare/networks.h"
#include "tests/support/float_examples.h"

namespace gradus::testing_networks {

inline Tensor truths(const floatops::CallInput& input) {
  Tensor tensor(DType::kBool, input.shape);
  for (std::size_t i = 0; i < input.values.size(); ++i) {
    tensor.bytes()[i] = input.values[i] > 0.0f ? std::byte{1} : std::byte{0};
  }
  return tensor;
}

// Input "image" [-1, 3, 6, 8]; the operator, named "op", reads numbers of 0.25 to 2, where every
// operator is defined, or whether they are more than 1. Its normal form beyond what floatops read
// is not there. A result of another type is cast to float32.
inline Graph float_op_network(const std::string& type) {
  Rng rng(3);
  floatops::FloatCall call = testing_support::example_call(type, rng);
  Builder b(5);
  b.graph.name = type;
  ValueId x = b.conv("first", b.input("image", {-1, 3, 6, 8}), 4);
  x = b.node("range", "Clip", {x}, {-1, 4, 6, 8}, {{"min", 0.25f}, {"max", 2.0f}});
  if (call.inputs[0].shape.size() == 2) x = b.node("rows", "Flatten", {x}, {-1, 192});
  const bool logical = std::set<std::string>{"And", "Or", "Xor", "Not"}.contains(type);
  std::vector<ValueId> inputs = {x};
  if (logical || type == "Where") {
    const ValueId one = b.graph.add_constant("one", Tensor::from<float>({}, std::vector{1.0f}));
    inputs = {b.node("more", "Greater", {x, one}, {-1, 4, 6, 8})};
    b.graph.value(inputs[0]).dtype = DType::kBool;
  }
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    const floatops::CallInput& input = call.inputs[i];
    const bool data = input.kind == floatops::InputKind::kData;  // the same once more
    inputs.push_back(
        input.kind == floatops::InputKind::kLeftOut ? kNoValue
        : data                                      ? x
                                                    : b.graph.add_constant(
                     "constant" + std::to_string(i),
                     logical ? truths(input) : Tensor::from<float>(input.shape, input.values)));
  }
  std::map<std::string, Attribute> attributes;
  for (const auto& [key, value] : call.attributes) {
    std::visit([&, name = key](const auto& v) { attributes.emplace(name, v); }, value);
  }
  if (type == "Gather") {  // normal form has the indices as a constant
    const auto indices = std::get<std::vector<std::int64_t>>(attributes.at("indices"));
    attributes.erase("indices");
    inputs.push_back(b.graph.add_constant(
        "indices", Tensor::from<std::int64_t>({std::ssize(indices)}, indices)));
  }
  if (type == "Split") attributes["split"] = std::vector<std::int64_t>{call.output[1]};
  Shape shape = call.output;
  std::int64_t rest = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) rest *= shape[i];
  shape[0] = -1;
  x = b.node("op", type, inputs, shape, attributes);
  if (floatops::find_float_op(type)->numbers) {
    b.graph.value(x).dtype = infer_node(b.graph, b.graph.nodes.back()).at(0).dtype;
  }
  if (b.graph.value(x).dtype != DType::kFloat32) {
    x = b.node("real", "Cast", {x}, shape, {{"to", std::int64_t{1}}});
  }
  x = b.node("flat", "Flatten", {x}, {-1, rest});
  b.graph.outputs = {b.gemm("fc", x, 3)};
  return std::move(b.graph);
}

}  // namespace gradus::testing_networks
