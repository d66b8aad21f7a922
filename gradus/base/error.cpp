#include "gradus/base/error.h"

namespace gradus {
namespace {

std::string printable(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) c = '?';
  }
  return text;
}

}  // namespace

Error::Error(ErrorCode code, const std::string& message)
    : std::runtime_error(printable(message)), code_(code) {}

int exit_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kFailed:
      return 1;
    case ErrorCode::kDifference:
      return 3;
    default:
      return 2;
  }
}

}  // namespace gradus
