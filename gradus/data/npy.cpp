#include "gradus/data/npy.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"

namespace gradus {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{4} << 30;
constexpr std::size_t kMaxHeaderBytes = 65536;
constexpr std::size_t kMaxRank = 8;

// `text` may repeat parts of the file: a message stays one short line all the same.
[[noreturn]] void refuse(const std::string& path, std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  throw Error(ErrorCode::kInvalidFile, path + ": " + text.substr(0, 300));
}

// The text after `'key':` in the header's dictionary, up to `stop`.
std::string field(const std::string& header, const std::string& key, const std::string& stop,
                  const std::string& path) {
  const auto at = header.find("'" + key + "':");
  if (at == std::string::npos) refuse(path, "the header has no '" + key + "'; expected a .npy file");
  const auto begin = header.find_first_not_of(' ', at + key.size() + 3);
  const auto end = header.find_first_of(stop, begin);
  if (begin == std::string::npos || end == std::string::npos) refuse(path, "the header is cut short");
  return header.substr(begin, end - begin);
}

Shape parse_shape(const std::string& text, const std::string& path) {
  Shape shape;
  std::int64_t number = -1;
  for (char c : text + ",") {
    if (c >= '0' && c <= '9') {
      number = (number < 0 ? 0 : number) * 10 + (c - '0');
      if (number > (std::int64_t{1} << 40)) refuse(path, "a dimension is too large");
    } else if (c == ',') {
      if (number >= 0) shape.push_back(number);
      number = -1;
    } else if (c != ' ' && c != '(') {
      refuse(path, "the shape '" + text + "' is not a tuple of numbers");
    }
  }
  if (shape.size() > kMaxRank) refuse(path, "has more than 8 dimensions");
  return shape;
}

template <typename T>
void convert(std::span<const std::byte> bytes, std::vector<float>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(value);
  }
}

struct Element {
  std::size_t bytes;
  void (*convert)(std::span<const std::byte>, std::vector<float>&);
};

const std::map<std::string, Element>& elements() {
  static const std::map<std::string, Element> map = {
      {"<f4", {4, convert<float>}},         {"<f8", {8, convert<double>}},
      {"|u1", {1, convert<std::uint8_t>}},  {"|i1", {1, convert<std::int8_t>}},
      {"<u2", {2, convert<std::uint16_t>}}, {"<i2", {2, convert<std::int16_t>}},
      {"<u4", {4, convert<std::uint32_t>}}, {"<i4", {4, convert<std::int32_t>}},
      {"<u8", {8, convert<std::uint64_t>}}, {"<i8", {8, convert<std::int64_t>}},
      {"|b1", {1, convert<std::uint8_t>}}};
  return map;
}

}  // namespace

NpyArray load_npy(const std::string& path) {
  const auto bytes = read_file(path, kMaxFileBytes);
  if (bytes.size() < 12 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0) {
    refuse(path, "is not a .npy file; expected it to begin with \\x93NUMPY");
  }
  const auto byte_at = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[i]); };
  const bool wide = byte_at(6) >= 2;  // versions 2 and 3 have a 4-byte header length
  const std::size_t start = wide ? 12 : 10;
  std::size_t length = byte_at(8) | byte_at(9) << 8;
  if (wide) length |= byte_at(10) << 16 | byte_at(11) << 24;
  if (byte_at(6) < 1 || byte_at(6) > 3 || length > kMaxHeaderBytes || start + length > bytes.size()) {
    refuse(path, "the header is damaged");
  }
  const std::string header(reinterpret_cast<const char*>(bytes.data()) + start, length);
  std::string type = field(header, "descr", ",}", path);
  if (type.size() < 2) refuse(path, "the header is damaged");
  type = type.substr(1, type.size() - 2);  // the quotes
  const auto element = elements().find(type);
  if (element == elements().end()) {
    refuse(path, "holds elements of type '" + type + "'; expected little-endian numbers such as '<f4'");
  }
  if (field(header, "fortran_order", ",}", path) != "False") {
    refuse(path, "is in Fortran order; save it with numpy.ascontiguousarray");
  }
  NpyArray array;
  array.shape = parse_shape(field(header, "shape", ")", path), path);
  const auto count = element_count(array.shape);
  const std::size_t data = bytes.size() - start - length;
  if (!count || static_cast<std::uint64_t>(*count) > kMaxFileBytes ||
      static_cast<std::size_t>(*count) * element->second.bytes != data) {
    refuse(path, "has " + std::to_string(data) + " bytes of data, which is not what its shape " +
                     to_string(array.shape) + " of '" + type + "' takes");
  }
  array.values.resize(static_cast<std::size_t>(*count));
  element->second.convert(std::span(bytes).subspan(start + length), array.values);
  return array;
}

void save_npy(const std::string& path, const Shape& shape, std::span<const float> values) {
  check(element_count(shape) == static_cast<std::int64_t>(values.size()), "values do not fit shape");
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (std::int64_t dimension : shape) header += std::to_string(dimension) + ",";
  header += "), }";
  // Magic, version, length and header together are a multiple of 64 bytes.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string start = "\x93NUMPY";
  start += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  start += header;
  write_file_atomically(path, [&](const FileSink& sink) {
    sink(std::as_bytes(std::span(start.data(), start.size())));
    sink(std::as_bytes(values));
  });
}

}  // namespace gradus
