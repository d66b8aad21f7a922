#include "gradus/data/image_list.h"

#include <gtest/gtest.h>

#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

ImageList read(const std::string& text) {
  const TemporaryFolder folder;
  return read_image_list(write_test_file(folder.file("list.txt"), text));
}

TEST(ImageList, ReadsBothNotations) {
  const ImageList list = read("./a.jpg, 3\nsub/b.png 0\r\n\tc d.jpg\t12\ne,f.jpg,5\n");
  EXPECT_EQ(list.paths, (std::vector<std::string>{"./a.jpg", "sub/b.png", "c d.jpg", "e,f.jpg"}));
  EXPECT_EQ(list.labels, (std::vector<std::int64_t>{3, 0, 12, 5}));
  EXPECT_EQ(list.classes, 13);
}

TEST(ImageList, ReadsTheQuotesOfCsv) {
  const ImageList list =
      read("\"path\",\"label\"\n\"a, b.jpg\",3\n\"say \"\"c\"\".jpg\",\"1\"\n\"d,2\n");
  EXPECT_EQ(list.paths, (std::vector<std::string>{"a, b.jpg", "say \"c\".jpg", "\"d"}));
  EXPECT_EQ(list.labels, (std::vector<std::int64_t>{3, 1, 2}));
}

TEST(ImageList, ToleratesCommentsBlankLinesHeaderMarkAndMissingLineEnd) {
  const ImageList list =
      read("\xef\xbb\xbf# pictures\n\npath,label\n  \na.jpg,1\n#b.jpg,2\nc.jpg,0");
  EXPECT_EQ(list.paths, (std::vector<std::string>{"a.jpg", "c.jpg"}));
}

TEST(ImageList, StaysInsideItsFolder) {
  for (const char* line :
       {"/etc/passwd 1", "../a.jpg 1", "a/../../b.jpg 1", "a/../b.jpg 1", ".. 1", "//a 2"}) {
    SCOPED_TRACE(line);
    expect_error(ErrorCode::kInvalidFile, {"list.txt:2", "below the list's own folder"},
                 [&] { read("ok.jpg 0\n" + std::string(line)); });
  }
}

TEST(ImageList, NamesTheLineThatIsWrong) {
  for (const char* line : {"a.jpg", "a.jpg x", "a.jpg -1", "a.jpg 1000000", "a.jpg 1.5", "a.jpg,",
                           ",1", "a.jpg 99999999999999999999"}) {
    SCOPED_TRACE(line);
    expect_error(ErrorCode::kInvalidFile, {"list.txt:3"},
                 [&] { read("ok.jpg 0\n\n" + std::string(line)); });
  }
  expect_error(ErrorCode::kInvalidFile, {"list.txt:1"}, [] { read("a.jpg 1.5\n"); });
}

TEST(ImageList, BoundsWhatItReads) {
  expect_error(ErrorCode::kInvalidFile, {"list.txt:1", "5003 bytes"},
               [] { read(std::string(5000, 'a') + ", 1\n" + "x"); });
  expect_error(ErrorCode::kInvalidFile, {"holds no picture"}, [] { read("# nothing\n"); });
  expect_error(ErrorCode::kInvalidFile, {"holds no picture"}, [] { read(""); });
  expect_error(ErrorCode::kNotFound, {"/nowhere/list.txt"},
               [] { read_image_list("/nowhere/list.txt"); });
  // Bytes that would break the one line of a message are not repeated.
  expect_error(ErrorCode::kInvalidFile, {"'?[31m"}, [] { read("a 1\n\x1b[31m"); });
}

}  // namespace
}  // namespace gradus
