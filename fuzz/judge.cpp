#include "fuzz/judge.h"

#include "gradus/base/error.h"

namespace gradus::fuzz {
namespace {

constexpr std::size_t kLongestLine = 8192;

void check_message(const std::string& message, bool many_lines) {
  require(!message.empty(), "an Error without a message");
  std::size_t line = 0;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    line = c == '\n' ? 0 : line + 1;
    require(line <= kLongestLine, "a message with a line of more than 8 KiB");
    if (c == '\n' && many_lines) continue;
    require(byte >= 0x20 && byte != 0x7f, "a message that is not one printable line: " + message);
  }
}

}  // namespace

void require(bool condition, const std::string& what) {
  if (!condition) throw Finding(what);
}

Outcome judge(const Target& target, Bytes bytes) {
  try {
    target.run(bytes);
    return Outcome::kAccepted;
  } catch (const Error& error) {
    check_message(error.what(), target.many_lines);
    require(exit_status(error.code()) == 2,
            "exit status " + std::to_string(exit_status(error.code())) + ": " + error.what());
    return Outcome::kRefused;
  } catch (const Finding&) {
    throw;
  } catch (const std::exception& other) {
    throw Finding(std::string("an exception that is no Error: ") + other.what());
  }
}

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace gradus::fuzz
