#include "gradus/data/npy.h"

#include <bit>
#include <cstring>
#include <map>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/limits.h"

namespace gradus {
namespace {

// `text` may repeat parts of the file: a message stays one short line all the same.
[[noreturn]] void refuse(const std::string& where, std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  throw Error(ErrorCode::kInvalidFile, where + ": " + text.substr(0, 300));
}

// The text after `'key':` in the header's dictionary, up to `stop`.
std::string field(const std::string& header, const std::string& key, const std::string& stop,
                  const std::string& where) {
  const auto at = header.find("'" + key + "':");
  if (at == std::string::npos) {
    refuse(where, "the header has no '" + key + "'; expected a .npy file");
  }
  const auto begin = header.find_first_not_of(' ', at + key.size() + 3);
  const auto end = header.find_first_of(stop, begin);
  if (begin == std::string::npos || end == std::string::npos) {
    refuse(where, "the header is cut short");
  }
  return header.substr(begin, end - begin);
}

Shape parse_shape(const std::string& text, const std::string& where) {
  Shape shape;
  std::int64_t number = -1;
  for (char c : text + ",") {
    if (c >= '0' && c <= '9') {
      number = (number < 0 ? 0 : number) * 10 + (c - '0');
      if (number > (std::int64_t{1} << 40)) refuse(where, "a dimension is too large");
    } else if (c == ',') {
      if (number >= 0) shape.push_back(number);
      number = -1;
    } else if (c != ' ' && c != '(') {
      refuse(where, "the shape '" + text + "' is not a tuple of numbers");
    }
  }
  if (shape.size() > kMaxArrayRank) refuse(where, "has more than 8 dimensions");
  return shape;
}

// `text` is a byte order, a kind and a number of bytes, in quotes: '<f4', '|u1'.
NpyType parse_type(const std::string& text, const std::string& where) {
  static const std::map<std::string, NpyType> types = {
      {"b1", {NumberKind::kBool, 1}},     {"u1", {NumberKind::kUnsigned, 1}},
      {"u2", {NumberKind::kUnsigned, 2}}, {"u4", {NumberKind::kUnsigned, 4}},
      {"u8", {NumberKind::kUnsigned, 8}}, {"i1", {NumberKind::kSigned, 1}},
      {"i2", {NumberKind::kSigned, 2}},   {"i4", {NumberKind::kSigned, 4}},
      {"i8", {NumberKind::kSigned, 8}},   {"f2", {NumberKind::kFloat, 2}},
      {"f4", {NumberKind::kFloat, 4}},    {"f8", {NumberKind::kFloat, 8}}};
  const bool quoted = text.size() == 5 && (text[0] == '\'' || text[0] == '"') && text[4] == text[0];
  const auto known = quoted ? types.find(text.substr(2, 2)) : types.end();
  const char order = quoted ? text[1] : '?';
  const bool fits = known != types.end() &&
                    (order == '<' || order == '>' || (order == '|' && known->second.bytes == 1));
  if (!fits) {
    refuse(where,
           "holds elements of type " + text +
               "; expected numbers: bool, int8 to int64, uint8 to uint64, float16 to float64");
  }
  NpyType type = known->second;
  type.big_endian = order == '>';
  return type;
}

std::uint64_t bits_of(const std::byte* element, const NpyType& type) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < type.bytes; ++i) {
    const std::size_t at = type.big_endian ? i : type.bytes - 1 - i;
    bits = bits << 8 | std::to_integer<std::uint64_t>(element[at]);
  }
  return bits;
}

std::int64_t sign_extended(std::uint64_t bits, std::size_t bytes) {
  const auto unused = static_cast<int>(64 - 8 * bytes);
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

// IEEE 754 binary16 to binary32, which holds every value of it.
float half_to_float(std::uint64_t bits) {
  const auto magnitude = static_cast<std::uint32_t>(bits & 0x7fff);
  const auto sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  if (magnitude >= 0x7c00) {  // infinity, NaN
    return std::bit_cast<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  }
  // Moved to where binary32 has exponent and mantissa it is too small by 2^112; also subnormals.
  return std::bit_cast<float>(sign | magnitude << 13) * 0x1p112f;
}

float float_of(std::uint64_t bits, const NpyType& type) {
  switch (type.kind) {
    case NumberKind::kBool:
      return bits != 0 ? 1.0f : 0.0f;
    case NumberKind::kUnsigned:
      return static_cast<float>(bits);
    case NumberKind::kSigned:
      return static_cast<float>(sign_extended(bits, type.bytes));
    case NumberKind::kFloat:
      break;
  }
  if (type.bytes == 2) return half_to_float(bits);
  if (type.bytes == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return static_cast<float>(std::bit_cast<double>(bits));
}

// The header's text; sets where the data begins.
std::string header_of(std::span<const std::byte> file, const std::string& where,
                      std::size_t* data_begin) {
  if (file.size() < 12 || std::memcmp(file.data(), "\x93NUMPY", 6) != 0) {
    refuse(where, "is not a .npy file; expected it to begin with \\x93NUMPY");
  }
  const auto byte_at = [&](std::size_t i) { return std::to_integer<std::size_t>(file[i]); };
  const bool wide = byte_at(6) >= 2;  // versions 2 and 3 have a 4-byte header length
  const std::size_t start = wide ? 12 : 10;
  std::size_t length = byte_at(8) | byte_at(9) << 8;
  if (wide) length |= byte_at(10) << 16 | byte_at(11) << 24;
  if (byte_at(6) < 1 || byte_at(6) > 3 || length > kMaxNpyHeaderBytes ||
      start + length > file.size()) {
    refuse(where, "the header is damaged");
  }
  *data_begin = start + length;
  return {reinterpret_cast<const char*>(file.data()) + start, length};
}

}  // namespace

std::string to_string(const NpyType& type) {
  if (type.kind == NumberKind::kBool) return "bool";
  const char* kind = type.kind == NumberKind::kUnsigned ? "uint"
                     : type.kind == NumberKind::kSigned ? "int"
                                                        : "float";
  return kind + std::to_string(8 * type.bytes);
}

NpyView view_npy(std::span<const std::byte> file, const std::string& where) {
  std::size_t begin = 0;
  const std::string header = header_of(file, where, &begin);
  NpyView view;
  view.type = parse_type(field(header, "descr", ",}", where), where);
  if (field(header, "fortran_order", ",}", where) != "False") {
    refuse(where, "is in Fortran order; save it with numpy.ascontiguousarray");
  }
  view.shape = parse_shape(field(header, "shape", ")", where), where);
  view.data = file.subspan(begin);
  const auto count = element_count(view.shape);
  if (!count || static_cast<std::uint64_t>(*count) > kMaxArrayBytes ||
      static_cast<std::size_t>(*count) * view.type.bytes != view.data.size()) {
    refuse(where, "has " + std::to_string(view.data.size()) +
                      " bytes of data, which is not what its shape " + to_string(view.shape) +
                      " of " + to_string(view.type) + " takes");
  }
  return view;
}

void to_floats(const NpyType& type, std::span<const std::byte> data, std::span<float> out) {
  check(data.size() == out.size() * type.bytes, "another number of elements");
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = float_of(bits_of(data.data() + i * type.bytes, type), type);
  }
}

std::vector<std::int64_t> to_integers(const NpyView& array, const std::string& where) {
  if (array.type.kind == NumberKind::kFloat) {
    refuse(where, "holds " + to_string(array.type) + "; expected integers");
  }
  std::vector<std::int64_t> values(array.data.size() / array.type.bytes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t bits = bits_of(array.data.data() + i * array.type.bytes, array.type);
    const bool is_signed = array.type.kind == NumberKind::kSigned;
    values[i] = is_signed ? sign_extended(bits, array.type.bytes) : static_cast<std::int64_t>(bits);
    if (!is_signed && values[i] < 0) refuse(where, "holds " + std::to_string(bits));
  }
  return values;
}

NpyArray load_npy(const std::string& path) {
  const auto bytes = read_file(path, kMaxArrayBytes);
  const NpyView view = view_npy(bytes, path);
  NpyArray array{view.shape, std::vector<float>(view.data.size() / view.type.bytes)};
  to_floats(view.type, view.data, array.values);
  return array;
}

void save_npy(const std::string& path, const Shape& shape, std::span<const float> values) {
  check(element_count(shape) == static_cast<std::int64_t>(values.size()),
        "values do not fit shape");
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
