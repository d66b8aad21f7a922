// What a fuzz target may do with a file: take it, or refuse it with an Error that people can read.
#pragma once

#include <stdexcept>
#include <string>

#include "fuzz/target.h"

namespace gradus::fuzz {

struct Finding : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Outcome { kAccepted, kRefused };

// Runs the target on `bytes`. Throws Finding if it threw anything but an Error of exit status 2
// that is one printable line of sensible length (with many_lines: several).
Outcome judge(const Target& target, Bytes bytes);

// For targets: throws Finding with `what` unless `condition`.
void require(bool condition, const std::string& what);

Bytes bytes_of(const std::string& text);

}  // namespace gradus::fuzz
