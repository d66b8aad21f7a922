#include "gradus/data/zip.h"

#include <gtest/gtest.h>

#include "gradus/data/limits.h"
#include "tests/data/archive_files.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

// The contents of every entry, one after the other.
std::string unpack(const std::string& file) {
  const ZipFile archive(std::as_bytes(std::span(file)), "x.zip");
  std::string all;
  for (const ZipEntry& entry : archive.entries()) {
    const std::vector<std::byte> content = archive.content(entry);
    all += entry.name + "=" +
           std::string(reinterpret_cast<const char*>(content.data()), content.size()) + ";";
  }
  return all;
}

const std::vector<ZipMember> kMembers = {
    {"a", std::string(5000, 'a') + "end", true}, {"b/c", "stored", false}, {"empty", "", true}};
const std::string kUnpacked = "a=" + std::string(5000, 'a') + "end;b/c=stored;empty=;";

TEST(ZipFile, ReadsStoredAndDeflatedEntries) {
  EXPECT_EQ(unpack(zip(kMembers)), kUnpacked);
  EXPECT_EQ(unpack(zip(kMembers, true)), kUnpacked);
  EXPECT_EQ(unpack(zip(kMembers, false, "a comment PK\x05\x06")), kUnpacked);
  EXPECT_EQ(unpack(zip({})), "");
}

TEST(ZipFile, RefusesAnArchiveCutAnywhere) {
  for (const bool zip64 : {false, true}) {
    const std::string whole = zip(kMembers, zip64);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      SCOPED_TRACE(size);
      expect_error(ErrorCode::kInvalidFile, {"x.zip"}, [&] { unpack(whole.substr(0, size)); });
    }
  }
}

// Either the same content comes out, or one line.
TEST(ZipFile, NeverGivesOtherContentWhateverBitIsFlipped) {
  for (const bool zip64 : {false, true}) {
    const std::string whole = zip(kMembers, zip64);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string file = whole;
      file[bit / 8] = static_cast<char>(file[bit / 8] ^ 1 << bit % 8);
      try {
        const std::string found = unpack(file);
        // Names are not covered by a checksum, and an archive may end early in its list.
        EXPECT_TRUE(found == kUnpacked || found.size() <= kUnpacked.size()) << "bit " << bit;
        EXPECT_EQ(found.find("storfd"), std::string::npos);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidFile) << "bit " << bit;
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      }
    }
  }
}

TEST(ZipFile, RefusesABombBeforeItTakesMemory) {
  // A terabyte in a few bytes; four gigabytes and one; more than deflate can pack.
  for (const std::uint64_t claimed :
       {std::uint64_t{1} << 40, kMaxArrayBytes + 1, std::uint64_t{1} << 30}) {
    expect_error(ErrorCode::kInvalidFile, {"x.zip", "entry 'a'", std::to_string(claimed)},
                 [&] { unpack(zip({{"a", "small", true, {claimed}}}, true)); });
    expect_error(ErrorCode::kInvalidFile, {"x.zip", "entry 'a'"},
                 [&] { unpack(zip({{"a", "small", false, {claimed}}}, true)); });
  }
  // A lie that deflate could have told: a little more and a little less than there is.
  for (const std::uint64_t claimed : {4u, 6u}) {
    expect_error(ErrorCode::kInvalidFile, {"entry 'a'"},
                 [&] { unpack(zip({{"a", "small", true, {claimed}}})); });
  }
}

TEST(ZipFile, RefusesWhatItDoesNotRead) {
  std::string encrypted = zip({{"a", "x"}});
  encrypted[encrypted.find("PK\x01\x02") + 8] = 1;
  expect_error(ErrorCode::kInvalidFile, {"'a'", "encrypted"}, [&] { unpack(encrypted); });
  std::string bzip2 = zip({{"a", "x"}});
  bzip2[bzip2.find("PK\x01\x02") + 10] = 12;
  expect_error(ErrorCode::kInvalidFile, {"'a'", "method 12"}, [&] { unpack(bzip2); });
  expect_error(ErrorCode::kInvalidFile, {"two entries 'a'"},
               [] { unpack(zip({{"a", "x"}, {"a", "y"}})); });
  expect_error(ErrorCode::kInvalidFile, {"no directory"},
               [] { unpack("this is no zip file, but long enough"); });
  std::string damaged = zip({{"a", "content"}});
  damaged[damaged.find("content")] = 'C';
  expect_error(ErrorCode::kInvalidFile, {"'a'", "checksum"}, [&] { unpack(damaged); });
}

TEST(ZipFile, RefusesTooManyEntries) {
  std::vector<ZipMember> members;
  for (std::size_t i = 0; i <= kMaxZipEntries; ++i) members.push_back({std::to_string(i), ""});
  expect_error(ErrorCode::kInvalidFile, {"4097 entries", "4096"}, [&] { unpack(zip(members)); });
}

}  // namespace
}  // namespace gradus
