#include "gradus/base/check.h"

#include <gtest/gtest.h>

#include <string>

namespace gradus {
namespace {

TEST(Check, IsSilentWhenTheConditionHolds) { EXPECT_NO_THROW(check(true, "never")); }

TEST(Check, NamesTheCallersFileAndLine) {
  const int line = __LINE__ + 2;
  try {
    check(false, "the sky is up");
    FAIL() << "nothing was thrown";
  } catch (const LogicError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("the sky is up"), std::string::npos) << message;
    EXPECT_NE(message.find("check_test.cpp:" + std::to_string(line)), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace gradus
