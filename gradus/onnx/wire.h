// Reading single fields of the protobuf wire format, checked: protozero itself trusts the caller to
// ask for the type that is there. All throw Error (kInvalidFile) with `what` in it; protozero's own
// exceptions (truncation, overlong varints) pass through.
#pragma once

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gradus/base/error.h"

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

// The name in `field`, wherever in the message it is, for messages about the message: empty if it
// is not there, and nothing is thrown.
std::string peek_name(Message message, std::uint32_t field);

// What `read` returns. What it throws, protozero's exceptions too, becomes an Error that begins
// with place().
template <typename Place, typename Read>
auto told_at(Place&& place, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(error.code(), place() + ": " + error.what());
  } catch (const protozero::exception& problem) {
    throw Error(ErrorCode::kInvalidFile, place() + ": is damaged: " + problem.what());
  }
}

// Appends a repeated scalar, packed or one by one. At most `limit` items in all.
void read_ints(Message& message, std::vector<std::int64_t>& items, std::size_t limit,
               const char* what);
void read_floats(Message& message, std::vector<float>& items, std::size_t limit, const char* what);

}  // namespace gradus::onnx
