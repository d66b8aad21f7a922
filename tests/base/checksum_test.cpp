#include "gradus/base/checksum.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/random.h"

namespace gradus {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Checksum, GivesTheCheckValueOfCrc32) { EXPECT_EQ(crc32(bytes_of("123456789")), 0xcbf43926u); }

TEST(Checksum, OfPartsContinuedIsThatOfTheWhole) {
  testing_support::TestRandom random;
  std::string text;
  for (int i = 0; i < 1000; ++i) text.push_back(static_cast<char>(random.integer(0, 255)));
  const std::uint32_t whole = crc32(bytes_of(text));
  for (std::size_t cut : {0, 1, 499, 999, 1000}) {
    EXPECT_EQ(crc32(bytes_of(text.substr(cut)), crc32(bytes_of(text.substr(0, cut)))), whole)
        << cut;
  }
}

TEST(Checksum, IsLeftAloneByNoBytes) {
  EXPECT_EQ(crc32({}), 0u);
  EXPECT_EQ(crc32({}, 0x12345678u), 0x12345678u);
}

TEST(Checksum, FindsEverySingleFlippedBit) {
  std::string text(64, 'g');
  const std::uint32_t whole = crc32(bytes_of(text));
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string broken = text;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(crc32(bytes_of(broken)), whole) << bit;
  }
}

}  // namespace
}  // namespace gradus
