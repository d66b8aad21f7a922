#include "gradus/base/error.h"

namespace gradus {

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
