#include "gradus/base/error.h"

#include <gtest/gtest.h>

namespace gradus {
namespace {

TEST(Error, CarriesItsCodeAndItsMessage) {
  const Error error(ErrorCode::kInvalidFile, "net.onnx: is cut short");
  EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
  EXPECT_STREQ(error.what(), "net.onnx: is cut short");
}

// A file's names and texts are quoted in messages: what a terminal would obey does not get there.
TEST(Error, KeepsControlCharactersOutOfItsMessage) {
  const Error error(ErrorCode::kInvalidFile, std::string("a\x1b[2J\tb\0c\x7f\nd \xc3\xa4", 15));
  EXPECT_EQ(std::string(error.what()), "a?[2J?b?c?\nd \xc3\xa4");
}

TEST(Error, GivesTheExitStatusThatTheManualPromises) {
  EXPECT_EQ(exit_status(ErrorCode::kFailed), 1);
  EXPECT_EQ(exit_status(ErrorCode::kDifference), 3);
  for (ErrorCode code : {ErrorCode::kInvalidArgument, ErrorCode::kInvalidFile,
                         ErrorCode::kUnsupported, ErrorCode::kNotFound}) {
    EXPECT_EQ(exit_status(code), 2);
  }
}

}  // namespace
}  // namespace gradus
