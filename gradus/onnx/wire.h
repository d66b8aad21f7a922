// Reading single fields of the protobuf wire format, checked: protozero itself trusts the caller to
// ask for the type that is there. All throw Error (kInvalidFile) with `what` in it; protozero's own
// exceptions (truncation, overlong varints) pass through.
#pragma once

#include <protozero/pbf_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gradus::onnx {

using Message = protozero::pbf_reader;

[[noreturn]] void invalid(const std::string& text);
[[noreturn]] void unsupported(const std::string& text);

std::int64_t read_int(Message& message, const char* what);
float read_float(Message& message, const char* what);
protozero::data_view read_bytes(Message& message, const char* what);
Message read_message(Message& message, const char* what);
// Valid UTF-8 of at most `limit` bytes.
std::string read_text(Message& message, std::size_t limit, const char* what);
// The same for a name: no control characters either, since names stand in one-line messages.
std::string read_name(Message& message, const char* what);

// Appends a repeated scalar, packed or one by one. At most `limit` items in all.
void read_ints(Message& message, std::vector<std::int64_t>& items, std::size_t limit,
               const char* what);
void read_floats(Message& message, std::vector<float>& items, std::size_t limit, const char* what);

}  // namespace gradus::onnx
