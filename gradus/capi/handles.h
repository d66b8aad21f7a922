// What gradus.h's handles hold, and how an exception becomes a status and one line of text.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/capi/gradus.h"
#include "gradus/capi/picture_reader.h"
#include "gradus/runtime/engine.h"

struct gradus_model {
  gradus::QModel model;
  gradus_tensor input{};
  std::vector<gradus_tensor> outputs{};
};

struct gradus_session {
  gradus::Engine engine;
  std::int64_t max_batch = 1;
  std::atomic_flag running{};
  // Null where the model remembers no preprocessing that can be followed; `no_pictures` says why.
  std::unique_ptr<gradus::PictureReader> reader{};
  gradus_status no_pictures_status = GRADUS_OK;
  std::string no_pictures{};
  std::vector<float> images{};                  // max_batch of them, preprocessed
  std::vector<gradus::OutputBuffer> buffers{};  // of a run
  std::vector<gradus::OutputBuffer> slice{};    // of a part of it
};

namespace gradus {

gradus_status status_of(ErrorCode code) noexcept;
// Fills `error` unless it is null; returns `status`.
gradus_status fail(gradus_error* error, gradus_status status, const char* text) noexcept;
// What is being handled in a catch block.
gradus_status fail_by_exception(gradus_error* error) noexcept;

// Runs `body` so that nothing is thrown out of it.
template <typename Body>
gradus_status guarded(gradus_error* error, Body&& body) noexcept {
  try {
    body();
    return GRADUS_OK;
  } catch (...) {
    return fail_by_exception(error);
  }
}

}  // namespace gradus
