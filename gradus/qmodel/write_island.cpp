#include "gradus/qmodel/write_island.h"

namespace gradus {
namespace {

using flatbuffers::Offset;
using Builder = flatbuffers::FlatBufferBuilder;

struct AttributeWriter {
  Builder& builder;
  Offset<flatbuffers::Vector<std::int64_t>> integers = {};
  Offset<flatbuffers::Vector<float>> reals = {};
  Offset<flatbuffers::String> text = {};

  void operator()(std::int64_t value) { integers = builder.CreateVector(&value, 1); }
  void operator()(float value) { reals = builder.CreateVector(&value, 1); }
  void operator()(const std::string& value) { text = builder.CreateString(value); }
  void operator()(const std::vector<std::int64_t>& values) {
    integers = builder.CreateVector(values);
  }
  void operator()(const std::vector<float>& values) { reals = builder.CreateVector(values); }
};

}  // namespace

Offset<format::Island> write_island(Builder& builder, const floatops::FloatCall& call) {
  std::vector<Offset<format::Attribute>> attributes;
  for (const auto& [key, value] : call.attributes) {
    AttributeWriter writer{builder};
    std::visit(writer, value);
    attributes.push_back(format::CreateAttribute(builder, builder.CreateString(key),
                                                 static_cast<std::int32_t>(value.index()),
                                                 writer.integers, writer.reals, writer.text));
  }
  std::vector<Offset<format::IslandInput>> inputs;
  for (const floatops::CallInput& input : call.inputs) {
    const auto shape = builder.CreateVector(input.shape);
    const auto values = builder.CreateVector(input.values);
    inputs.push_back(
        format::CreateIslandInput(builder, static_cast<std::int32_t>(input.kind), shape, values));
  }
  const auto type = builder.CreateString(call.type);
  const auto all_attributes = builder.CreateVector(attributes);
  const auto all_inputs = builder.CreateVector(inputs);
  const format::FloatRange range(call.low, call.high);
  return format::CreateIsland(builder, type, all_attributes, all_inputs,
                              builder.CreateVector(call.output), &range);
}

}  // namespace gradus
