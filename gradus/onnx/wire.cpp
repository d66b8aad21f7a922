#include "gradus/onnx/wire.h"

#include <bit>
#include <cstring>

#include "gradus/onnx/limits.h"

namespace gradus::onnx {
namespace {

void expect(const Message& message, protozero::pbf_wire_type type, const char* what) {
  if (message.wire_type() == type) return;
  invalid(std::string(what) + " is of wire type " +
          std::to_string(static_cast<std::uint32_t>(message.wire_type())) + "; expected " +
          std::to_string(static_cast<std::uint32_t>(type)));
}

void expect_room(std::size_t count, std::size_t limit, const char* what) {
  if (count > limit) {
    invalid(std::string(what) + " has more than " + std::to_string(limit) + " items");
  }
}

// Bytes that follow the lead byte of a UTF-8 sequence, or -1; `least` is the smallest code point
// that needs so many.
int continuation(unsigned char lead, std::uint32_t& bits, std::uint32_t& least) {
  if (lead < 0x80) return bits = lead, least = 0, 0;
  if (lead >= 0xc2 && lead < 0xe0) return bits = lead & 0x1fu, least = 0x80, 1;
  if (lead >= 0xe0 && lead < 0xf0) return bits = lead & 0x0fu, least = 0x800, 2;
  if (lead >= 0xf0 && lead < 0xf5) return bits = lead & 0x07u, least = 0x10000, 3;
  return -1;
}

bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint32_t bits = 0;
    std::uint32_t least = 0;
    const int more = continuation(static_cast<unsigned char>(text[i]), bits, least);
    if (more < 0) return false;
    for (int k = 0; k < more; ++k) {
      if (++i >= text.size()) return false;
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xc0u) != 0x80u) return false;
      bits = bits << 6 | (next & 0x3fu);
    }
    if (bits < least || bits > 0x10ffff || (bits >= 0xd800 && bits < 0xe000)) return false;
  }
  return true;
}

}  // namespace

void invalid(const std::string& text) { throw Error(ErrorCode::kInvalidFile, text); }

void unsupported(const std::string& text) { throw Error(ErrorCode::kUnsupported, text); }

std::int64_t read_int(Message& message, const char* what) {
  expect(message, protozero::pbf_wire_type::varint, what);
  return message.get_int64();
}

float read_float(Message& message, const char* what) {
  expect(message, protozero::pbf_wire_type::fixed32, what);
  return message.get_float();
}

protozero::data_view read_bytes(Message& message, const char* what) {
  expect(message, protozero::pbf_wire_type::length_delimited, what);
  return message.get_view();
}

Message read_message(Message& message, const char* what) {
  return Message(read_bytes(message, what));
}

std::string read_text(Message& message, std::size_t limit, const char* what) {
  const protozero::data_view view = read_bytes(message, what);
  if (view.size() > limit) {
    invalid(std::string(what) + " is " + std::to_string(view.size()) +
            " bytes long; expected at most " + std::to_string(limit));
  }
  std::string text(view.data(), view.size());
  if (!is_utf8(text)) invalid(std::string(what) + " is not valid UTF-8");
  return text;
}

std::string read_name(Message& message, const char* what) {
  std::string name = read_text(message, kMaxNameBytes, what);
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) invalid(std::string(what) + " holds a control character");
  }
  return name;
}

std::string peek_name(Message message, std::uint32_t field) {
  std::string name;
  try {
    while (message.next()) {
      if (message.tag() == field)
        name = read_name(message, "a name");
      else
        message.skip();
    }
  } catch (const Error&) {
  } catch (const protozero::exception&) {
  }
  return name;
}

void read_ints(Message& message, std::vector<std::int64_t>& items, std::size_t limit,
               const char* what) {
  if (message.wire_type() == protozero::pbf_wire_type::varint) {
    items.push_back(message.get_int64());
    return expect_room(items.size(), limit, what);
  }
  expect(message, protozero::pbf_wire_type::length_delimited, what);
  for (std::int64_t item : message.get_packed_int64()) {
    items.push_back(item);
    expect_room(items.size(), limit, what);
  }
}

void read_floats(Message& message, std::vector<float>& items, std::size_t limit, const char* what) {
  if (message.wire_type() == protozero::pbf_wire_type::fixed32) {
    items.push_back(message.get_float());
    return expect_room(items.size(), limit, what);
  }
  const protozero::data_view view = read_bytes(message, what);
  if (view.size() % 4 != 0) invalid(std::string(what) + " is cut off inside a number");
  expect_room(items.size() + view.size() / 4, limit, what);
  for (std::size_t at = 0; at < view.size(); at += 4) {
    float item = 0.0f;
    std::memcpy(&item, view.data() + at, 4);
    items.push_back(item);
  }
}

}  // namespace gradus::onnx
