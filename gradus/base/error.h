// The one exception type for "the user's request cannot be done". Library code throws it where the
// request is found wanting; cli/main.cpp is the only place that catches it.
#pragma once

#include <stdexcept>
#include <string>

namespace gradus {

enum class ErrorCode {
  kInvalidArgument,  // a flag, a recipe key or a value is wrong
  kInvalidFile,      // a file is malformed, truncated or corrupt
  kUnsupported,      // an operator, attribute or combination that gradus does not compute
  kNotFound,         // a file or folder is missing or cannot be read
  kFailed,           // failed while running: disk full, divergence
  kDifference,       // verification found a difference
};

// A message is one line: where, what was found, what was expected, what to do; where several things
// are wrong at once, one line each. It may quote what a file holds: control characters but the end
// of a line become '?'.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// The program's exit status for an error: 1 failed while running, 2 the request is wrong,
// 3 verification found a difference.
int exit_status(ErrorCode code) noexcept;

}  // namespace gradus
