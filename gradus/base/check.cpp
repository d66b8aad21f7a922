#include "gradus/base/check.h"

#include <string>

namespace gradus {

void check_failed(const char* text, const std::source_location& where) {
  throw LogicError(std::string("internal error: ") + text + " (" + where.file_name() + ":" +
                   std::to_string(where.line()) + ")");
}

}  // namespace gradus
