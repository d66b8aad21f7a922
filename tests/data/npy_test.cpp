#include "gradus/data/npy.h"

#include <gtest/gtest.h>

#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

std::string npy(const std::string& header, const std::string& data) {
  std::string file = std::string("\x93NUMPY\x01\0", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header + data;
}

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
  const NpyArray bytes = load(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n",
                                  std::string("\x00\x7f\xff", 3)));
  EXPECT_EQ(bytes.shape, Shape{3});
  EXPECT_EQ(bytes.values, (std::vector<float>{0.0f, 127.0f, 255.0f}));
  const NpyArray scalar =
      load(npy("{'descr': '<i2', 'fortran_order': False, 'shape': (), }\n", "\xfe\xff"));
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(scalar.values, std::vector<float>{-2.0f});
}

TEST(Npy, RefusesWhatItCannotRead) {
  const std::string good =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", "12345678");
  EXPECT_EQ(load(good).shape, Shape{2});
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_error(ErrorCode::kInvalidFile, {"x.npy"}, [&] { load(good.substr(0, size)); });
  }
  expect_error(ErrorCode::kInvalidFile, {"x.npy"}, [&] { load(good + "1"); });
  for (const char* header :
       {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296), }",
        "{'descr': '\n', 'fortran_order': False, 'shape': (2,), }", "{'shape': (2,), }"}) {
    SCOPED_TRACE(header);
    expect_error(ErrorCode::kInvalidFile, {"x.npy"}, [&] { load(npy(header, "12345678")); });
  }
}

}  // namespace
}  // namespace gradus
