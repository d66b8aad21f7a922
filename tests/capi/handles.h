// gradus.h as the tests use it: handles that free themselves, failures that are one line.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gradus/capi/gradus.h"
#include "gradus/qmodel/file.h"

namespace gradus::testing_support {

struct Free {
  void operator()(gradus_model* model) const { gradus_model_free(model); }
  void operator()(gradus_session* session) const { gradus_session_free(session); }
};
using ModelHandle = std::unique_ptr<gradus_model, Free>;
using SessionHandle = std::unique_ptr<gradus_session, Free>;

inline ModelHandle parse(const QModel& model) {
  const auto bytes = serialize(model);
  gradus_model* made = nullptr;
  gradus_error error{};
  EXPECT_EQ(gradus_model_parse(bytes.data(), bytes.size(), &made, &error), GRADUS_OK) << error.text;
  return ModelHandle(made);
}

inline SessionHandle open(const ModelHandle& model, int threads = 1, int max_batch = 1) {
  gradus_options options = GRADUS_OPTIONS_INIT;
  options.threads = threads;
  options.max_batch = max_batch;
  gradus_session* made = nullptr;
  gradus_error error{};
  EXPECT_EQ(gradus_session_create(model.get(), &options, &made, &error), GRADUS_OK) << error.text;
  return SessionHandle(made);
}

// One line that holds `word`.
inline void expect_failure(gradus_status status, const gradus_error& error, gradus_status expected,
                           const std::string& word) {
  const std::string text = error.text;
  EXPECT_EQ(status, expected) << text;
  EXPECT_EQ(error.status, expected) << text;
  EXPECT_NE(text.find(word), std::string::npos) << "'" << word << "' is not in: " << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

}  // namespace gradus::testing_support
