#include "gradus/data/npy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/data/archive_files.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

NpyArray load(const std::string& bytes) {
  const TemporaryFolder folder;
  return load_npy(write_test_file(folder.file("x.npy"), bytes));
}

TEST(Npy, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  const std::vector<float> values = {1.0f, -2.5f, 3e-20f, 4.0f, 5.0f, 6.0f};
  for (const Shape& shape : {Shape{2, 3}, Shape{6}, Shape{1, 1, 6, 1}}) {
    save_npy(folder.file("x.npy"), shape, values);
    const NpyArray array = load_npy(folder.file("x.npy"));
    EXPECT_EQ(array.shape, shape);
    EXPECT_EQ(array.values, values);
  }
}

TEST(Npy, ReadsNumpysNotationOfOtherTypes) {
  const NpyArray bytes = load(npy("|u1", "(3,)", std::string("\x00\x7f\xff", 3)));
  EXPECT_EQ(bytes.shape, Shape{3});
  EXPECT_EQ(bytes.values, (std::vector<float>{0.0f, 127.0f, 255.0f}));
  const NpyArray scalar = load(npy("<i2", "()", "\xfe\xff"));
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(scalar.values, std::vector<float>{-2.0f});
}

// The numbers -2, 3 (2, 3 where there is no sign) in every type and byte order.
TEST(Npy, ReadsEveryTypeInBothByteOrders) {
  struct Case {
    const char* type;
    int bytes;
    std::uint64_t first;
    std::uint64_t second;
    float expected;
  };
  const std::vector<Case> cases = {{"i1", 1, 0xfe, 3, -2.0f},
                                   {"i2", 2, 0xfffe, 3, -2.0f},
                                   {"i4", 4, 0xfffffffe, 3, -2.0f},
                                   {"i8", 8, ~std::uint64_t{1}, 3, -2.0f},
                                   {"u1", 1, 2, 3, 2.0f},
                                   {"u2", 2, 2, 3, 2.0f},
                                   {"u4", 4, 2, 3, 2.0f},
                                   {"u8", 8, 2, 3, 2.0f},
                                   {"f2", 2, 0xc000, 0x4200, -2.0f},
                                   {"f4", 4, 0xc0000000, 0x40400000, -2.0f},
                                   {"f8", 8, 0xc000000000000000, 0x4008000000000000, -2.0f}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type);
    const std::string little =
        little_endian_bytes(c.first, c.bytes) + little_endian_bytes(c.second, c.bytes);
    const std::string big =
        big_endian_bytes(c.first, c.bytes) + big_endian_bytes(c.second, c.bytes);
    EXPECT_EQ(load(npy(std::string("<") + c.type, "(2,)", little)).values,
              (std::vector<float>{c.expected, 3.0f}));
    EXPECT_EQ(load(npy(std::string(">") + c.type, "(2,)", big)).values,
              (std::vector<float>{c.expected, 3.0f}));
  }
  EXPECT_EQ(load(npy("|b1", "(2,)", std::string("\0\1", 2))).values,
            (std::vector<float>{0.0f, 1.0f}));
}

// Largest, smallest normal, smallest subnormal, a third, zeros and infinity of binary16.
TEST(Npy, ReadsEveryKindOfHalf) {
  std::string data;
  for (const std::uint64_t bits : {0x7bffu, 0x0400u, 0x0001u, 0x3555u, 0x8000u, 0xfc00u}) {
    data += little_endian_bytes(bits, 2);
  }
  const std::vector<float> expected = {
      65504.0f, 0x1p-14f, 0x1p-24f, 0x1.554p-2f, -0.0f, -std::numeric_limits<float>::infinity()};
  const NpyArray array = load(npy("<f2", "(6,)", data));
  EXPECT_EQ(array.values, expected);
  EXPECT_TRUE(std::signbit(array.values[4]));
}

TEST(Npy, GivesIntegersExactly) {
  const auto integers = [](const std::string& file) {
    return to_integers(view_npy(std::as_bytes(std::span(file)), "y.npy"), "y.npy");
  };
  EXPECT_EQ(integers(npy("<i8", "(2,)",
                         little_endian_bytes(0x7fffffffffffffff, 8) +
                             little_endian_bytes(0x8000000000000000, 8))),
            (std::vector<std::int64_t>{INT64_MAX, INT64_MIN}));
  EXPECT_EQ(integers(npy("|b1", "(2,)", std::string("\1\0", 2))),
            (std::vector<std::int64_t>{1, 0}));
  expect_error(ErrorCode::kInvalidFile, {"y.npy", "holds 9223372036854775808"},
               [&] { integers(npy("<u8", "(1,)", little_endian_bytes(0x8000000000000000, 8))); });
  expect_error(ErrorCode::kInvalidFile, {"y.npy", "float32", "expected integers"},
               [&] { integers(npy("<f4", "(1,)", "1234")); });
}

TEST(Npy, RefusesWhatItCannotRead) {
  const std::string good = npy("<f4", "(2,)", "12345678");
  EXPECT_EQ(load(good).shape, Shape{2});
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_error(ErrorCode::kInvalidFile, {"x.npy"}, [&] { load(good.substr(0, size)); });
  }
  expect_error(ErrorCode::kInvalidFile, {"x.npy"}, [&] { load(good + "1"); });
  for (const char* header :
       {"{'descr': '=f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296), }",
        "{'descr': '\n', 'fortran_order': False, 'shape': (2,), }", "{'shape': (2,), }"}) {
    SCOPED_TRACE(header);
    expect_error(ErrorCode::kInvalidFile, {"x.npy"},
                 [&] { load(npy_with_header(header, "12345678")); });
  }
}

}  // namespace
}  // namespace gradus
