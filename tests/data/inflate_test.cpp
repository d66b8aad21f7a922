#include "gradus/data/inflate.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/data/archive_files.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

// Everything, in pieces of `piece` bytes.
std::string inflate_all(const std::string& file, std::size_t piece = 1000) {
  Inflater inflater(std::as_bytes(std::span(file)), DeflateFormat::kGzip, "x.gz");
  std::string all;
  std::vector<std::byte> buffer(piece);
  for (;;) {
    const std::size_t count = inflater.read(buffer);
    all.append(reinterpret_cast<const char*>(buffer.data()), count);
    if (count < piece) return all;
  }
}

std::string text() {
  std::string all;
  for (int i = 0; i < 800; ++i) all += std::to_string(i * i);
  return all;
}

TEST(Inflater, ReadsInPiecesOfAnySize) {
  const std::string whole = text();
  for (const std::size_t piece : {1, 7, 1000, 1 << 20}) {
    EXPECT_EQ(inflate_all(gzip(whole), piece), whole);
  }
  EXPECT_EQ(inflate_all(gzip("")), "");
}

TEST(Inflater, ReadsMembersGluedTogether) {
  EXPECT_EQ(inflate_all(gzip("one") + gzip("two")), "onetwo");
}

TEST(Inflater, RefusesAStreamCutAnywhereDamagedOrFollowed) {
  const std::string whole = gzip(text());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_error(ErrorCode::kInvalidFile, {"x.gz", "cut short"},
                 [&] { inflate_all(whole.substr(0, size)); });
  }
  expect_error(ErrorCode::kInvalidFile, {"x.gz", "followed by"},
               [&] { inflate_all(whole + "more"); });
  const std::string content = text();
  for (std::size_t at = 10; at < whole.size(); ++at) {  // past the header, whose date is anyone's
    std::string file = whole;
    file[at] = static_cast<char>(file[at] ^ 4);
    try {
      EXPECT_EQ(inflate_all(file), content) << at;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
    }
  }
}

}  // namespace
}  // namespace gradus
