#include <exception>

#include "gradus/capi/handles.h"

namespace gradus {

gradus_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return GRADUS_INVALID_ARGUMENT;
    case ErrorCode::kInvalidFile:
      return GRADUS_INVALID_FILE;
    case ErrorCode::kUnsupported:
      return GRADUS_UNSUPPORTED;
    case ErrorCode::kNotFound:
      return GRADUS_NOT_FOUND;
    default:
      return GRADUS_FAILED;
  }
}

gradus_status fail(gradus_error* error, gradus_status status, const char* text) noexcept {
  if (error == nullptr) return status;
  error->status = status;
  const std::size_t size = std::min(std::strlen(text), sizeof error->text - 1);
  for (std::size_t i = 0; i < size; ++i) {
    // A name from a file may hold anything; the text stays one line.
    const bool control = static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7f;
    error->text[i] = control ? ' ' : text[i];
  }
  error->text[size] = '\0';
  return status;
}

gradus_status fail_by_exception(gradus_error* error) noexcept {
  try {
    throw;
  } catch (const Error& thrown) {
    return fail(error, status_of(thrown.code()), thrown.what());
  } catch (const std::bad_alloc&) {
    return fail(error, GRADUS_OUT_OF_MEMORY, "out of memory; use a smaller max_batch or network");
  } catch (const std::exception& thrown) {
    return fail(error, GRADUS_FAILED, thrown.what());
  } catch (...) {
    return fail(error, GRADUS_FAILED, "failed for an unknown reason");
  }
}

}  // namespace gradus
