#include "gradus/quant/bitpack.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gradus/base/check.h"
#include "tests/support/random.h"
#include "tests/support/sizes.h"
#include "tests/support/specs.h"

namespace gradus {
namespace {

using testing_support::all_specs;
using testing_support::describe;
using testing_support::sizes_around;
using testing_support::TestRandom;

std::vector<std::int32_t> random_codes(TestRandom& random, std::size_t count, const Grid& grid) {
  auto codes = random.integers(count, grid.quant_min, grid.quant_max);
  if (grid.binary) std::replace(codes.begin(), codes.end(), 0, 1);
  return codes;
}

// (6) bit by bit.
std::vector<std::byte> pack_as_written(const std::vector<std::int32_t>& codes, int bits,
                                       const Grid& grid) {
  std::vector<std::byte> packed((codes.size() * static_cast<std::size_t>(bits) + 7) / 8);
  std::size_t j = 0;
  for (std::int32_t code : codes) {
    const int stored = grid.binary ? (code > 0 ? 1 : 0) : code - grid.quant_min;
    for (int bit = 0; bit < bits; ++bit, ++j) {
      if ((stored >> bit & 1) != 0) packed[j / 8] |= static_cast<std::byte>(1u << (j % 8));
    }
  }
  return packed;
}

TEST(Bitpack, GivesBackTheCodesOfEveryWidthGridAndLength) {
  TestRandom random;
  for (const auto& spec : all_specs()) {
    const Grid grid = spec.grid();
    for (std::size_t count : sizes_around(8)) {
      const auto codes = random_codes(random, count, grid);
      const auto packed = pack_codes(codes, spec.bits, grid);
      ASSERT_EQ(packed.size(), packed_bytes(count, spec.bits));
      ASSERT_EQ(packed, pack_as_written(codes, spec.bits, grid)) << describe(spec) << ", " << count;
      std::vector<std::int32_t> unpacked(count, 99);
      unpack_codes(packed, spec.bits, grid, unpacked);
      ASSERT_EQ(unpacked, codes) << describe(spec) << ", " << count;
    }
  }
}

TEST(Bitpack, LaysThreeBitCodesAcrossBytesAsDrawn) {
  const std::vector<std::int32_t> codes = {1, 2, 7, 0, 5, 3};
  const auto packed = pack_codes(codes, 3, {0, 7, false});
  // 001, 010, 11|1 -> byte 0 = 11 010 001; then 1, 000, 101, 1|1 -> byte 1 = 1 101 000 1; 01
  ASSERT_EQ(packed.size(), 3u);
  EXPECT_EQ(static_cast<int>(packed[0]), 0b11010001);
  EXPECT_EQ(static_cast<int>(packed[1]), 0b11010001);
  EXPECT_EQ(static_cast<int>(packed[2]), 0b00000001);
}

TEST(Bitpack, CountsBytes) {
  EXPECT_EQ(packed_bytes(0, 3), 0u);
  EXPECT_EQ(packed_bytes(8, 3), 3u);
  EXPECT_EQ(packed_bytes(9, 3), 4u);
  EXPECT_EQ(packed_bytes(9, 1), 2u);
}

TEST(Bitpack, RefusesACodeOffTheGridAndTooFewBytes) {
  EXPECT_THROW(pack_codes(std::vector<std::int32_t>{4}, 2, {0, 3, false}), LogicError);
  EXPECT_THROW(pack_codes(std::vector<std::int32_t>{-1}, 2, {0, 3, false}), LogicError);
  EXPECT_THROW(pack_codes(std::vector<std::int32_t>{0}, 1, {-1, 1, true}), LogicError);
  std::vector<std::int32_t> codes(9);
  EXPECT_THROW(unpack_codes(std::vector<std::byte>(3), 3, {0, 7, false}, codes), LogicError);
}

}  // namespace
}  // namespace gradus
