#include "gradus/onnx/read_tensor.h"

#include <gtest/gtest.h>

#include "tests/onnx/onnx_bytes.h"
#include "tests/support/expect_error.h"

namespace gradus::onnx {
namespace {

using testing_support::Bytes;
using testing_support::expect_error;
using testing_support::tensor_bytes;

Tensor read(const Bytes& bytes) {
  ExternalFiles files("/nowhere/m.onnx");
  return read_tensor(Message(bytes.str()), files).tensor;
}
template <typename T>
std::vector<T> values(const Tensor& tensor) {
  const auto span = tensor.as<T>();
  return {span.begin(), span.end()};
}

// Every type has its number in onnx.proto, and comes back from it.
TEST(DtypeFromProto, IsTheReverseOfDtypeToProto) {
  for (int i = 0; i <= static_cast<int>(DType::kUint2); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_proto(dtype_to_proto(dtype)), dtype) << dtype_name(dtype);
  }
  for (std::int64_t number : {-1, 0, 8, 14, 15, 17, 23, 9999}) {
    EXPECT_FALSE(dtype_from_proto(number).has_value()) << number;
  }
}

TEST(ReadTensor, ReadsTypedData) {
  EXPECT_EQ(values<float>(read(tensor_bytes("t", 1, {2}).real(4, 1.5f).real(4, -2.0f))),
            (std::vector<float>{1.5f, -2.0f}));
  EXPECT_EQ(values<std::int64_t>(read(tensor_bytes("t", 7, {3}).numbers(7, {1, -2, 3}))),
            (std::vector<std::int64_t>{1, -2, 3}));
  EXPECT_EQ(values<std::int8_t>(read(tensor_bytes("t", 3, {2}).numbers(5, {-128, 127}))),
            (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(values<std::int32_t>(read(tensor_bytes("t", 6, {}).number(5, -7))),
            (std::vector<std::int32_t>{-7}));
  const Tensor half = read(tensor_bytes("t", 10, {1}).number(5, 0x3c00));
  EXPECT_EQ(half.bytes()[1], std::byte{0x3c});
  EXPECT_EQ(read(tensor_bytes("t", 9, {2}).numbers(5, {0, 5})).bytes()[1], std::byte{1});
}

TEST(ReadTensor, ReadsRawDataAndNothingForNoElements) {
  EXPECT_EQ(
      values<std::int32_t>(read(tensor_bytes("t", 6, {1}).text(9, std::string("\1\2\0\0", 4)))),
      (std::vector<std::int32_t>{513}));
  EXPECT_EQ(read(tensor_bytes("t", 1, {0})).size(), 0);
  EXPECT_EQ(read(tensor_bytes("t", 1, {4, 0}).text(9, "")).shape(), (Shape{4, 0}));
}

// The first element lies in the low bits of a byte; each typed number is one byte of elements.
TEST(ReadTensor, ReadsIntegersOfTwoAndFourBits) {
  const std::string bytes = "\x8f\x05";
  EXPECT_EQ(values<std::int8_t>(read(tensor_bytes("t", 22, {3}).text(9, bytes))),
            (std::vector<std::int8_t>{-1, -8, 5}));
  EXPECT_EQ(values<std::uint8_t>(read(tensor_bytes("t", 21, {3}).text(9, bytes))),
            (std::vector<std::uint8_t>{15, 8, 5}));
  EXPECT_EQ(values<std::int8_t>(read(tensor_bytes("t", 26, {5}).numbers(5, {0x8f, 0x05}))),
            (std::vector<std::int8_t>{-1, -1, 0, -2, 1}));
  EXPECT_EQ(values<std::uint8_t>(read(tensor_bytes("t", 25, {2, 3}).numbers(5, {0x8f, 0x05}))),
            (std::vector<std::uint8_t>{3, 3, 0, 2, 1, 1}));
  for (int type : {21, 22, 25, 26}) {
    for (std::int64_t size : {1, 9}) {
      expect_error(ErrorCode::kInvalidFile, {"tensor 't'"},
                   [&] { read(tensor_bytes("t", type, {size}).text(9, bytes)); });
      expect_error(ErrorCode::kInvalidFile, {"tensor 't'"},
                   [&] { read(tensor_bytes("t", type, {size}).numbers(5, {1, 2})); });
    }
    expect_error(ErrorCode::kInvalidFile, {"'t'", "256"},
                 [&] { read(tensor_bytes("t", type, {1}).number(5, 256)); });
  }
}

TEST(ReadTensor, RefusesNumbersThatItsTypeCannotHold) {
  for (std::int64_t value : {-129, 128}) {
    expect_error(ErrorCode::kInvalidFile, {"'t'", std::to_string(value)},
                 [&] { read(tensor_bytes("t", 3, {1}).number(5, value)); });
  }
}

TEST(ReadTensor, RefusesDataThatDoesNotFitItsDimensions) {
  const std::string four(4, '\0');
  const Bytes broken[] = {
      tensor_bytes("t", 1, {2}).text(9, four),                             // too few bytes
      tensor_bytes("t", 1, {}).text(9, four + four),                       // too many
      tensor_bytes("t", 1, {2}).real(4, 1.0f),                             // too few numbers
      tensor_bytes("t", 1, {1}).real(4, 1.0f).real(4, 1.0f),               // too many
      tensor_bytes("t", 1, {1}).text(9, four).real(4, 1.0f),               // two places
      tensor_bytes("t", 1, {1}),                                           // nowhere
      tensor_bytes("t", 1, {-1}).text(9, four),                            // negative
      tensor_bytes("t", 7, {1'000'000, 1'000'000}).numbers(7, {1}),        // a bomb
      tensor_bytes("t", 1, {4194305, 4194305, 2111061989}).text(9, four),  // wraps
  };
  for (const auto& bytes : broken) {
    expect_error(ErrorCode::kInvalidFile, {"tensor 't'"}, [&] { read(bytes); });
  }
}

TEST(ReadTensor, RefusesKindsThatItDoesNotHold) {
  expect_error(ErrorCode::kUnsupported, {"tensor 't'", "segments"},
               [] { read(tensor_bytes("t", 1, {1}).text(3, "")); });
  expect_error(ErrorCode::kUnsupported, {"tensor 't'", "strings"},
               [] { read(tensor_bytes("t", 8, {1}).text(6, "a")); });
  expect_error(ErrorCode::kUnsupported, {"'t'", "17"},
               [] { read(tensor_bytes("t", 17, {1}).text(9, "a")); });
  expect_error(ErrorCode::kInvalidFile, {"tensor 't'", "8 items"},
               [] { read(tensor_bytes("t", 1, {1, 1, 1, 1, 1, 1, 1, 1, 1})); });
}

}  // namespace
}  // namespace gradus::onnx
