// Checks of our own invariants: a failure is a bug in gradus, never reachable from user input.
#pragma once

#include <source_location>
#include <stdexcept>

namespace gradus {

class LogicError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* text, const std::source_location& where);

// Throws LogicError with the caller's file and line if `condition` is false.
inline void check(bool condition, const char* text,
                  const std::source_location& where = std::source_location::current()) {
  if (!condition) check_failed(text, where);
}

}  // namespace gradus
