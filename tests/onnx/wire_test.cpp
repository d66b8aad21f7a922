#include "gradus/onnx/wire.h"

#include <gtest/gtest.h>

#include "tests/onnx/onnx_bytes.h"
#include "tests/support/expect_error.h"

namespace gradus::onnx {
namespace {

using testing_support::Bytes;
using testing_support::expect_error;

std::string text_of(const std::string& bytes) {
  const Bytes message = Bytes().text(1, bytes);
  Message reader(message.str());
  reader.next();
  return read_name(reader, "a name");
}

TEST(Wire, AcceptsUtf8) {
  for (const char* text : {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_EQ(text_of(text), text);
  }
}

// Lone continuation, overlong, surrogate, past the last code point, cut off.
TEST(Wire, RefusesBrokenUtf8) {
  for (const char* text : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xe2\x82", "\xff"}) {
    expect_error(ErrorCode::kInvalidFile, {"a name", "UTF-8"}, [&] { text_of(text); });
  }
}

TEST(Wire, RefusesLongNamesAndControlCharacters) {
  expect_error(ErrorCode::kInvalidFile, {"4097"}, [] { text_of(std::string(4097, 'a')); });
  expect_error(ErrorCode::kInvalidFile, {"control"}, [] { text_of("a\nb"); });
  expect_error(ErrorCode::kInvalidFile, {"control"}, [] { text_of(std::string("a\0b", 3)); });
}

TEST(Wire, RefusesAnotherWireType) {
  const Bytes number = Bytes().number(1, 5);
  const Bytes text = Bytes().text(1, "a");
  const auto read = [](const Bytes& bytes, auto&& action) {
    Message message(bytes.str());
    message.next();
    action(message);
  };
  expect_error(ErrorCode::kInvalidFile, {"wire type"},
               [&] { read(number, [](Message& m) { read_name(m, "a name"); }); });
  expect_error(ErrorCode::kInvalidFile, {"wire type"},
               [&] { read(number, [](Message& m) { read_float(m, "a float"); }); });
  expect_error(ErrorCode::kInvalidFile, {"wire type"},
               [&] { read(text, [](Message& m) { read_int(m, "a number"); }); });
}

TEST(Wire, ReadsListsPackedOrNotUpToALimit) {
  const Bytes bytes = Bytes().numbers(1, {1, -2}).number(1, 3);
  std::vector<std::int64_t> items;
  for (Message message(bytes.str()); message.next();) read_ints(message, items, 3, "a list");
  EXPECT_EQ(items, (std::vector<std::int64_t>{1, -2, 3}));
  expect_error(ErrorCode::kInvalidFile, {"a list", "2 items"}, [&] {
    std::vector<std::int64_t> few;
    for (Message message(bytes.str()); message.next();) read_ints(message, few, 2, "a list");
  });
}

}  // namespace
}  // namespace gradus::onnx
