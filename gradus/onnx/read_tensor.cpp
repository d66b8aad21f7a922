#include "gradus/onnx/read_tensor.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "gradus/onnx/limits.h"
#include "gradus/onnx/packed.h"

namespace gradus::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is copied as it is");

// Field numbers of TensorProto.
enum : std::uint32_t {
  kDims = 1,
  kDataType = 2,
  kSegment = 3,
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kName = 8,
  kRawData = 9,
  kDoubleData = 10,
  kUint64Data = 11,
  kExternalData = 13,
  kDataLocation = 14,
};

struct Header {
  std::string name;
  Shape dims;
  std::int64_t data_type = 0;
  std::optional<protozero::data_view> raw;
  bool typed = false;
  bool external = false;
  std::map<std::string, std::string> external_entries;
};

void read_external_entry(Message entry, Header& header) {
  std::string key;
  std::string value;
  while (entry.next()) {
    switch (entry.tag()) {
      case 1:
        key = read_name(entry, "a key of external_data");
        break;
      case 2:
        value = read_name(entry, "a value of external_data");
        break;
      default:
        entry.skip();
    }
  }
  if (header.external_entries.size() >= kMaxExternalEntries ||
      !header.external_entries.emplace(key, value).second) {
    invalid("external_data gives '" + key + "' twice, or too much");
  }
}

// Everything but the typed data, which is read once the number of elements is known.
Header read_header(Message message) {
  Header header;
  while (message.next()) {
    switch (message.tag()) {
      case kDims:
        read_ints(message, header.dims, kMaxRank, "its list of dimensions");
        break;
      case kDataType:
        header.data_type = read_int(message, "a tensor's data_type");
        break;
      case kSegment:
        unsupported("is split into segments; expected it whole");
      case kName:
        header.name = read_name(message, "a tensor's name");
        break;
      case kRawData:
        header.raw = read_bytes(message, "raw_data");
        break;
      case kExternalData:
        read_external_entry(read_message(message, "external_data"), header);
        break;
      case kDataLocation:
        header.external = read_int(message, "data_location") == 1;
        break;
      case kStringData:
        unsupported("holds strings; expected numbers");
      case kFloatData:
      case kInt32Data:
      case kInt64Data:
      case kDoubleData:
      case kUint64Data:
        header.typed = true;
        message.skip();
        break;
      default:
        message.skip();
    }
  }
  return header;
}

// The field that holds a type's values where they are not raw.
std::uint32_t typed_field(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return kFloatData;
    case DType::kFloat64:
      return kDoubleData;
    case DType::kInt64:
      return kInt64Data;
    case DType::kUint32:
    case DType::kUint64:
      return kUint64Data;
    default:
      return kInt32Data;
  }
}

class Filler {
 public:
  explicit Filler(Tensor& tensor) : tensor_(tensor) {}

  void put_bits(const void* bits) {
    const std::size_t width = dtype_bytes(tensor_.dtype());
    if ((next_ + 1) * width > tensor_.bytes().size()) {
      invalid("holds more numbers than its " + to_string(tensor_.shape()));
    }
    std::memcpy(tensor_.bytes().data() + next_ * width, bits, width);
    ++next_;
  }

  template <typename T>
  void put(std::int64_t value) {
    if (value < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
        value > static_cast<std::int64_t>(std::numeric_limits<T>::max())) {
      invalid("holds " + std::to_string(value) + ", which its type cannot");
    }
    const T narrow = static_cast<T>(value);
    put_bits(&narrow);
  }

  void put_int(std::int64_t value) {
    switch (tensor_.dtype()) {
      case DType::kInt8:
        return put<std::int8_t>(value);
      case DType::kInt16:
        return put<std::int16_t>(value);
      case DType::kInt32:
        return put<std::int32_t>(value);
      case DType::kUint8:
        return put<std::uint8_t>(value);
      case DType::kUint32:
        return put<std::uint32_t>(value);
      case DType::kBool:
        return put<std::uint8_t>(value != 0);
      case DType::kUint16:
      case DType::kFloat16:
      case DType::kBFloat16:
        return put<std::uint16_t>(value);  // bits
      default:
        return put_bits(&value);  // int64, uint64
    }
  }

  bool full() const { return next_ * dtype_bytes(tensor_.dtype()) == tensor_.bytes().size(); }

 private:
  Tensor& tensor_;
  std::size_t next_ = 0;
};

void read_fixed(Message& message, Filler& filler, std::size_t width) {
  const auto single =
      width == 4 ? protozero::pbf_wire_type::fixed32 : protozero::pbf_wire_type::fixed64;
  if (message.wire_type() == single) {
    const auto bits32 = width == 4 ? message.get_fixed32() : 0;
    const auto bits64 = width == 8 ? message.get_fixed64() : 0;
    return filler.put_bits(width == 4 ? static_cast<const void*>(&bits32) : &bits64);
  }
  const protozero::data_view view = read_bytes(message, "float_data or double_data");
  if (view.size() % width != 0) invalid("float_data or double_data is cut off inside a number");
  for (std::size_t at = 0; at < view.size(); at += width) filler.put_bits(view.data() + at);
}

void read_varints(Message& message, Filler& filler) {
  if (message.wire_type() == protozero::pbf_wire_type::varint) {
    return filler.put_int(message.get_int64());
  }
  Message packed(read_bytes(message, "typed data of a tensor"));
  const protozero::data_view view = packed.data();
  const char* at = view.data();
  const char* const end = at + view.size();
  while (at != end) {
    filler.put_int(static_cast<std::int64_t>(protozero::decode_varint(&at, end)));
  }
}

// Fills a tensor from the field that its type is kept in.
Tensor read_field(Message message, const Header& header, DType dtype, const Shape& shape) {
  // A typed number takes at least a byte: no more are believed than could be there.
  if (static_cast<std::uint64_t>(*element_count(shape)) > message.data().size()) {
    invalid("is " + to_string(header.dims) + " but its data is only " +
            std::to_string(message.data().size()) + " bytes");
  }
  Tensor tensor(dtype, shape);
  Filler filler(tensor);
  const std::uint32_t wanted = typed_field(dtype);
  while (message.next()) {
    if (message.tag() != wanted) {
      message.skip();
    } else if (wanted == kFloatData || wanted == kDoubleData) {
      read_fixed(message, filler, dtype_bytes(dtype));
    } else {
      read_varints(message, filler);
    }
  }
  if (!filler.full()) {
    invalid("holds fewer numbers than its " + to_string(header.dims));
  }
  return tensor;
}

Tensor read_typed(Message message, const Header& header, DType dtype, std::int64_t count) {
  if (packed_bits(dtype) == 0) return read_field(message, header, dtype, header.dims);
  // Each number is a byte of packed elements; some writers take it for signed.
  const auto size = static_cast<std::int64_t>(stored_bytes(dtype, count));
  const Tensor packed = read_field(message, header, DType::kInt32, {size});
  std::vector<std::byte> bytes;
  for (std::int32_t number : packed.as<std::int32_t>()) {
    if (number < -128 || number > 255) {
      invalid("holds " + std::to_string(number) + "; expected bytes of packed elements");
    }
    bytes.push_back(static_cast<std::byte>(number & 0xff));
  }
  return unpack(dtype, header.dims, bytes);
}

Tensor from_bytes(const Header& header, DType dtype, std::int64_t count,
                  std::span<const std::byte> bytes) {
  const std::uint64_t needed = stored_bytes(dtype, count);
  if (needed != bytes.size()) {
    invalid("has " + std::to_string(bytes.size()) + " bytes of data; expected " +
            std::to_string(needed) + " for " + dtype_name(dtype) + " " + to_string(header.dims));
  }
  if (packed_bits(dtype) != 0) return unpack(dtype, header.dims, bytes);
  Tensor tensor(dtype, header.dims);
  if (needed > 0) std::memcpy(tensor.bytes().data(), bytes.data(), bytes.size());
  if (dtype == DType::kBool) {
    for (auto& byte : tensor.bytes()) byte = byte == std::byte{} ? std::byte{0} : std::byte{1};
  }
  return tensor;
}

std::uint64_t external_number(const Header& header, const char* key, std::uint64_t otherwise) {
  const auto found = header.external_entries.find(key);
  if (found == header.external_entries.end()) return otherwise;
  const std::string& text = found->second;
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) {
    invalid(std::string("external ") + key + " is '" + text + "'; expected a number from 0");
  }
  return number;
}

Tensor read_external(const Header& header, DType dtype, std::int64_t count, ExternalFiles& files) {
  const auto location = header.external_entries.find("location");
  if (location == header.external_entries.end()) {
    invalid("lies in another file, but none is named");
  }
  const std::uint64_t needed = stored_bytes(dtype, count);
  const std::uint64_t length = external_number(header, "length", needed);
  if (length != needed) {
    invalid("has " + std::to_string(length) + " bytes in another file; expected " +
            std::to_string(needed));
  }
  const std::uint64_t offset = external_number(header, "offset", 0);
  return from_bytes(header, dtype, count, files.bytes(location->second, offset, length));
}

// What a message about it calls the tensor.
std::string place_of(Message message) {
  const std::string name = peek_name(message, kName);
  return name.empty() ? "a tensor without a name" : "tensor '" + name + "'";
}

TensorProto read_parts(Message message, ExternalFiles& files) {
  Header header = read_header(message);
  const auto dtype = dtype_from_proto(header.data_type);
  if (!dtype) {
    unsupported("data_type is " + std::to_string(header.data_type) +
                "; expected a float type of 16 bits or more, an integer type, or bool");
  }
  for (std::int64_t size : header.dims) {
    if (size < 0 || size > kMaxDimension) {
      invalid("has a dimension of " + std::to_string(size) + "; expected from 0 to 2^31");
    }
  }
  const auto count = element_count(header.dims);
  if (!count) invalid("has too many elements");
  const int sources = (header.raw ? 1 : 0) + (header.typed ? 1 : 0) + (header.external ? 1 : 0);
  if (sources > 1) invalid("has its data in two places; expected one");
  if (header.external) return {header.name, read_external(header, *dtype, *count, files)};
  if (header.typed) return {header.name, read_typed(message, header, *dtype, *count)};
  const protozero::data_view raw = header.raw.value_or(protozero::data_view{});
  const auto* bytes = reinterpret_cast<const std::byte*>(raw.data());
  return {header.name, from_bytes(header, *dtype, *count, {bytes, raw.size()})};
}

}  // namespace

TensorProto read_tensor(Message message, ExternalFiles& files) {
  return told_at([&] { return place_of(message); }, [&] { return read_parts(message, files); });
}

}  // namespace gradus::onnx
