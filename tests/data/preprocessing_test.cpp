#include "gradus/data/preprocessing.h"

#include <gtest/gtest.h>

#include "gradus/data/data_spec.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

Preprocessing example() {
  return {.scale = 255.0f,
          .mean = {104.0f, 117.0f, 123.0f},
          .std = {0.1f},
          .order = ChannelOrder::kBgr,
          .resize = 256,
          .crop = 227,
          .crop_round = CropRound::kDown};
}

TEST(Preprocessing, ReadsBackFromKeyValues) {
  EXPECT_EQ(preprocessing_from_key_values(to_key_values(example()), "model"), example());
  EXPECT_EQ(preprocessing_from_key_values(to_key_values({}), "model"), Preprocessing{});
  EXPECT_EQ(preprocessing_from_key_values({}, "model"), Preprocessing{});
}

TEST(Preprocessing, WritesTheOptionsOfTheDataSpec) {
  const std::map<std::string, std::string> expected = {
      {"scale", "255"},  {"mean", "104/117/123"}, {"std", "0.1"},        {"order", "bgr"},
      {"resize", "256"}, {"crop", "227"},         {"crop_round", "down"}};
  EXPECT_EQ(to_key_values(example()), expected);
}

TEST(Preprocessing, FillsASpecThatGivesOnlyTheFolder) {
  const DataSpec given = parse_data_spec("imagelist:/list.txt,crop=224");
  const DataSpec full = merge(spec_of(example()), given);
  EXPECT_EQ(full.path, "/list.txt");
  Preprocessing expected = example();
  expected.crop = 224;
  EXPECT_EQ(preprocessing_of(full), expected);
}

TEST(Preprocessing, RefusesKeysOfSomethingElse) {
  expect_error(ErrorCode::kInvalidArgument, {"model.gradus", "limit", "preprocessing"},
               [] { preprocessing_from_key_values({{"limit", "1"}}, "model.gradus"); });
  expect_error(ErrorCode::kInvalidArgument, {"model.gradus", "did you mean 'mean'"},
               [] { preprocessing_from_key_values({{"meen", "1"}}, "model.gradus"); });
  expect_error(ErrorCode::kInvalidArgument, {"model.gradus", "scale", "'0'"},
               [] { preprocessing_from_key_values({{"scale", "0"}}, "model.gradus"); });
}

}  // namespace
}  // namespace gradus
