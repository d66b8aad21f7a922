#include "gradus/data/idx.h"

#include <gtest/gtest.h>

#include "tests/data/archive_files.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

IdxArray load(const std::string& bytes, std::size_t rank = 3) {
  const TemporaryFolder folder;
  return load_idx(write_test_file(folder.file("x-ubyte"), bytes), rank);
}

const std::string kFile = idx({2, 1, 3}, "abcdef");

TEST(Idx, ReadsPlainAndGzipped) {
  for (const std::string& file : {kFile, gzip(kFile)}) {
    const IdxArray array = load(file);
    EXPECT_EQ(array.shape, (Shape{2, 1, 3}));
    EXPECT_EQ(array.values, (std::vector<std::uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  }
}

TEST(Idx, RefusesAFileCutAnywhereOrLonger) {
  for (const std::string& file : {kFile, gzip(kFile)}) {
    for (std::size_t size = 0; size < file.size(); ++size) {
      SCOPED_TRACE(size);
      expect_error(ErrorCode::kInvalidFile, {"x-ubyte"}, [&] { load(file.substr(0, size)); });
    }
    expect_error(ErrorCode::kInvalidFile, {"x-ubyte"}, [&] { load(file + "g"); });
  }
  expect_error(ErrorCode::kInvalidFile, {"more bytes", "[2, 1, 3]"},
               [] { load(gzip(kFile + "g")); });
  expect_error(ErrorCode::kInvalidFile, {"fewer bytes"},
               [] { load(gzip(kFile.substr(0, kFile.size() - 1))); });
}

TEST(Idx, RefusesWhatItIsNot) {
  std::string floats = kFile;
  floats[2] = 0x0d;
  expect_error(ErrorCode::kInvalidFile, {"type 13", "unsigned bytes"}, [&] { load(floats); });
  expect_error(ErrorCode::kInvalidFile, {"3 dimensions", "expected 1, labels"},
               [] { load(kFile, 1); });
  expect_error(ErrorCode::kInvalidFile, {"two zeros"}, [] { load("PK\x03\x04 a zip"); });
  expect_error(ErrorCode::kInvalidFile, {"[0, 1, 3]"}, [] { load(idx({0, 1, 3}, "")); });
}

// Sizes that a file claims cost nothing.
TEST(Idx, RefusesDimensionsThatTheFileCannotHold) {
  for (const auto& shape :
       {std::vector<std::uint32_t>{0xffffffff, 0xffffffff, 0xffffffff},
        std::vector<std::uint32_t>{0x80000000, 2, 0x80000000},
        std::vector<std::uint32_t>{60000, 28, 28}, std::vector<std::uint32_t>{1, 65536, 65535}}) {
    for (const std::string& file : {idx(shape, "abc"), gzip(idx(shape, "abc"))}) {
      expect_error(ErrorCode::kInvalidFile, {"x-ubyte", "does not"}, [&] { load(file); });
    }
  }
}

}  // namespace
}  // namespace gradus
