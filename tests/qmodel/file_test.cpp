#include "gradus/qmodel/file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::random_model;
using testing_support::TestRandom;

constexpr std::size_t kHeaderBytes = 16;

QModel small_model() { return random_model(3, {.nodes = 4, .largest_channels = 6}); }

void put_u32(std::vector<std::byte>& bytes, std::size_t at, std::uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// Makes the header right again, so that the checks behind the checksum see the damage.
void mend_header(std::vector<std::byte>& bytes) {
  const auto body = std::span(bytes).subspan(kHeaderBytes);
  put_u32(bytes, 8, crc32(body));
  put_u32(bytes, 12, static_cast<std::uint32_t>(body.size()));
}

void expect_refused(std::span<const std::byte> bytes) {
  expect_error(ErrorCode::kInvalidFile, {"damaged.gradus"},
               [&] { parse_model(bytes, "damaged.gradus"); });
}

// Refused with an Error, or another valid model: nothing else may happen.
bool parses(std::span<const std::byte> bytes) {
  try {
    parse_model(bytes, "damaged.gradus");
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidFile) << error.what();
    return false;
  }
}

TEST(ModelFile, GivesBackEveryFieldOfRandomModels) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const QModel model =
        random_model(seed, {.profile = seed % 2 == 0 ? Profile::kIeee32 : Profile::kFixed31});
    EXPECT_EQ(parse_model(serialize(model), "memory"), model) << "seed " << seed;
  }
}

TEST(ModelFile, GivesTheSameBytesForTheSameModel) {
  EXPECT_EQ(serialize(small_model()), serialize(small_model()));
}

TEST(ModelFile, StoresWeightsAtTheirBitWidth) {
  QModel model = random_model(0, {.nodes = 0});
  QConv conv;
  const std::int32_t channels = model.tensors[1].channels;
  QTensor out = model.tensors[1];
  out.name = "wide";
  out.channels = 4000;
  conv.weights.bits = 2;
  conv.weights.grid = {-2, 1, false};
  conv.weights.zero_point = {0};
  conv.weights.codes.assign(static_cast<std::size_t>(4000 * channels), 1);
  conv.bias.assign(4000, 0);
  conv.output = {{1e-3}, out.grid.quant_min, out.grid.quant_max};
  model.tensors.push_back(out);
  model.nodes.push_back({"conv", conv, {1}, 2});
  const auto size = static_cast<std::int64_t>(serialize(model).size());
  const std::int64_t packed = 4000 * channels / 4;
  EXPECT_GE(size, packed + 4 * 4000);
  EXPECT_LT(size, packed + 4 * 4000 + 2000);
}

TEST(ModelFile, IsWrittenToDiskAndReadBack) {
  const testing_support::TemporaryFolder folder;
  const std::string path = folder.path() + "/model.gradus";
  save_model(small_model(), path);
  EXPECT_EQ(load_model(path), small_model());
  expect_error(ErrorCode::kNotFound, {"absent.gradus"},
               [&] { load_model(folder.path() + "/absent.gradus"); });
}

TEST(ModelFile, IsReadAtAnyAddress) {
  const auto bytes = serialize(small_model());
  for (std::size_t shift = 0; shift < 16; ++shift) {
    std::vector<std::byte> moved(bytes.size() + shift);
    std::copy(bytes.begin(), bytes.end(), moved.begin() + static_cast<std::ptrdiff_t>(shift));
    EXPECT_EQ(parse_model(std::span(moved).subspan(shift), "memory"), small_model());
  }
}

TEST(ModelFile, RefusesEveryTruncation) {
  const auto bytes = serialize(small_model());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_refused(std::vector(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
  }
}

TEST(ModelFile, RefusesEveryFlippedBit) {
  auto bytes = serialize(small_model());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1u << (bit % 8));
    bytes[bit / 8] ^= mask;
    expect_refused(bytes);
    bytes[bit / 8] ^= mask;
  }
}

TEST(ModelFile, RefusesBytesAddedAtTheEnd) {
  auto bytes = serialize(small_model());
  bytes.push_back(std::byte{0});
  expect_error(ErrorCode::kInvalidFile, {"added to"}, [&] { parse_model(bytes, "m"); });
}

TEST(ModelFile, SaysWhichVersionItWouldNeed) {
  auto bytes = serialize(small_model());
  put_u32(bytes, 4, 2);
  expect_error(ErrorCode::kInvalidFile, {"version 2", "expected 1", "newer gradus"},
               [&] { parse_model(bytes, "m"); });
  put_u32(bytes, 4, 0);
  expect_error(ErrorCode::kInvalidFile, {"version 0", "expected 1", "convert the model again"},
               [&] { parse_model(bytes, "m"); });
}

// With the checksum made right, damage reaches the verifier, the reader and validate().
TEST(ModelFile, SurvivesEveryFlippedBitBehindAValidChecksum) {
  auto bytes = serialize(small_model());
  std::int64_t refused = 0;
  for (std::size_t bit = 8 * kHeaderBytes; bit < 8 * bytes.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1u << (bit % 8));
    bytes[bit / 8] ^= mask;
    mend_header(bytes);
    refused += parses(bytes) ? 0 : 1;
    bytes[bit / 8] ^= mask;
  }
  EXPECT_GT(refused, static_cast<std::int64_t>(bytes.size()));
}

TEST(ModelFile, SurvivesTruncationBehindAValidChecksum) {
  const auto bytes = serialize(small_model());
  for (std::size_t size = kHeaderBytes; size < bytes.size(); ++size) {
    std::vector cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    mend_header(cut);
    // A few bytes that only fill the last word may go unnoticed here.
    if (parses(cut)) {
      EXPECT_EQ(parse_model(cut, "memory"), small_model()) << size;
    }
  }
}

TEST(ModelFile, SurvivesRandomDamageBehindAValidChecksum) {
  TestRandom random;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto bytes = serialize(random_model(seed, {.nodes = 6, .largest_channels = 4}));
    for (int trial = 0; trial < 1000; ++trial) {
      auto damaged = bytes;
      for (int i = random.integer(1, 4); i > 0; --i) {
        const auto last = static_cast<std::int32_t>(bytes.size()) - 4;
        const auto at = static_cast<std::size_t>(random.integer(kHeaderBytes, last));
        // Whole words, for offsets and counts; and single bytes.
        if (random.integer(0, 1) == 0) {
          put_u32(damaged, at / 4 * 4, static_cast<std::uint32_t>(random.any_int32()));
        } else {
          damaged[at] = static_cast<std::byte>(random.integer(0, 255));
        }
      }
      mend_header(damaged);
      parses(damaged);
    }
  }
}

}  // namespace
}  // namespace gradus
