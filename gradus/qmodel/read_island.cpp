#include "gradus/qmodel/flat_reader.h"

namespace gradus {
namespace {

using floatops::AttributeValue;

template <typename Vector>
const Vector* present(const FlatReader& reader, const Vector* vector) {
  if (vector == nullptr) reader.refuse("an attribute of an island lacks its value");
  return vector;
}

std::vector<std::int64_t> integers(FlatReader& reader, const flatbuffers::Vector<std::int64_t>* v) {
  return reader.numbers(present(reader, v));
}

AttributeValue read_attribute(FlatReader& reader, const format::Attribute& flat) {
  const auto single = [&](auto list) {
    if (list.size() != 1) reader.refuse("an attribute of an island is no single number");
    return list[0];
  };
  switch (flat.kind()) {
    case 0:
      return single(integers(reader, flat.integers()));
    case 1:
      return single(reader.numbers(present(reader, flat.reals())));
    case 2:
      return reader.name(present(reader, flat.text()));
    case 3:
      return integers(reader, flat.integers());
    case 4:
      return reader.numbers(present(reader, flat.reals()));
    default:
      reader.refuse("an attribute of an island is of kind " + std::to_string(flat.kind()));
  }
}

floatops::CallInput read_input(FlatReader& reader, const format::IslandInput& flat) {
  floatops::CallInput input;
  if (flat.kind() < 0 || flat.kind() > 2) {
    reader.refuse("an input of an island is of kind " + std::to_string(flat.kind()));
  }
  input.kind = static_cast<floatops::InputKind>(flat.kind());
  input.shape = integers(reader, flat.shape());
  if (flat.values() != nullptr) input.values = reader.floats(flat.values());
  return input;
}

}  // namespace

floatops::FloatCall read_island(FlatReader& reader, const format::Island& flat) {
  floatops::FloatCall call;
  call.type = reader.name(flat.type());
  for (const format::Attribute* attribute : *flat.attributes()) {
    const std::string key = reader.name(attribute->key());
    if (!call.attributes.emplace(key, read_attribute(reader, *attribute)).second) {
      reader.refuse("an island has attribute '" + key + "' twice");
    }
  }
  for (const format::IslandInput* input : *flat.inputs()) {
    call.inputs.push_back(read_input(reader, *input));
  }
  call.output = integers(reader, flat.shape());
  call.low = flat.float_range()->low();
  call.high = flat.float_range()->high();
  return call;
}

}  // namespace gradus
