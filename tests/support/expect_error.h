// Expecting a gradus::Error: its code, and words that its message must hold.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "gradus/base/error.h"

namespace gradus::testing_support {

// Runs `action`; fails unless it throws an Error with `code` whose message holds every one of
// `words` and is one line.
template <typename Action>
void expect_error(ErrorCode code, std::initializer_list<std::string> words, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << message;
    for (const auto& word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << "'" << word << "' is not in: " << message;
    }
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return;
  }
  ADD_FAILURE() << "nothing was thrown";
}

}  // namespace gradus::testing_support
