#include "gradus/data/source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

TEST(DataSources, AreNamedOnceAndExplained) {
  std::set<std::string> names;
  for (const DataSource& source : data_sources()) {
    EXPECT_TRUE(names.insert(source.name).second) << source.name;
    EXPECT_TRUE(source.usage.starts_with(source.name + ":")) << source.usage;
    EXPECT_FALSE(source.help.empty());
    EXPECT_EQ(&find_data_source(source.name), &source);
  }
}

TEST(DataSources, RefuseWhatDoesNotExistWithOneLine) {
  for (const DataSource& source : data_sources()) {
    DataSpec spec{.kind = source.name, .path = "/nowhere/at all"};
    SCOPED_TRACE(source.name);
    EXPECT_THROW(open_dataset(spec), Error);
    spec.path = "";
    expect_error(ErrorCode::kInvalidArgument, {source.usage}, [&] { open_dataset(spec); });
  }
  expect_error(ErrorCode::kInvalidArgument, {"did you mean 'random'", "cifar10:DIR"},
               [] { open_dataset(DataSpec{.kind = "randon", .path = "x"}); });
}

TEST(SelectSamples, TakesOffsetThenLimit) {
  EXPECT_EQ(select_samples(5, {}, "d"), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(select_samples(5, {.offset = 1, .limit = 2}, "d"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(select_samples(5, {.offset = 4, .limit = 9}, "d"), std::vector<std::int64_t>{4});
  expect_error(ErrorCode::kInvalidArgument, {"d: holds 5", "offset=5"},
               [] { select_samples(5, {.offset = 5}, "d"); });
}

TEST(SelectSamples, MakesDisjointPartsOfOneSeed) {
  const auto first = select_samples(1000, {.limit = 300, .seed = 1}, "d");
  const auto rest = select_samples(1000, {.offset = 300, .seed = 1}, "d");
  std::set<std::int64_t> all(first.begin(), first.end());
  all.insert(rest.begin(), rest.end());
  EXPECT_EQ(first.size(), 300u);
  EXPECT_EQ(all.size(), 1000u);
  EXPECT_NE(first, select_samples(1000, {.limit = 300, .seed = 2}, "d"));
}

// A small data set of every kind that needs no files.
class EveryGenerated : public testing::TestWithParam<const char*> {};

TEST_P(EveryGenerated, HoldsTheContractOfADataset) {
  for (const char* split : {"train", "test"}) {
    const auto spec = parse_data_spec(GetParam() + std::string(",limit=30,split=") + split);
    const auto dataset = open_dataset(spec);
    EXPECT_EQ(dataset->size(), 30);
    const auto elements = static_cast<std::size_t>(dataset->shape().elements());
    std::vector<float> planes(elements);
    std::vector<float> pixels(elements);
    const Strides a = strides_of(dataset->shape(), Layout::kNchw);
    const Strides b = strides_of(dataset->shape(), Layout::kNhwc);
    for (std::int64_t i = 0; i < dataset->size(); ++i) {
      std::int64_t label = -1;
      Rng first(9, static_cast<std::uint64_t>(i));
      Rng second = first;
      dataset->load(i, planes, label, &first);
      EXPECT_EQ(label, dataset->label(i));
      EXPECT_GE(label, 0);
      EXPECT_LT(label, dataset->classes());
      dataset->load(i, pixels, label, &second, Layout::kNhwc);
      for (std::int64_t c = 0; c < dataset->shape().channels; ++c) {
        for (std::int64_t y = 0; y < dataset->shape().height; ++y) {
          for (std::int64_t x = 0; x < dataset->shape().width; ++x) {
            const auto at = static_cast<std::size_t>(c * a.channel + y * a.row + x * a.column);
            const auto too = static_cast<std::size_t>(c * b.channel + y * b.row + x * b.column);
            ASSERT_EQ(planes[at], pixels[too]);
          }
        }
      }
    }
    EXPECT_EQ(dataset->content_hash(), open_dataset(spec)->content_hash());
  }
}

TEST_P(EveryGenerated, DiffersBySeedAndSplitAndContinuesAtOffset) {
  const auto open = [&](const std::string& options) {
    return open_dataset(parse_data_spec(GetParam() + std::string(",limit=20") + options));
  };
  const auto base = open("");
  EXPECT_NE(base->content_hash(), open(",seed=1")->content_hash());
  EXPECT_NE(base->content_hash(), open(",split=train")->content_hash());
  const auto later = open(",offset=5");
  std::vector<float> expected(static_cast<std::size_t>(base->shape().elements()));
  std::vector<float> found(expected.size());
  std::int64_t label = 0;
  base->load(7, expected, label);
  later->load(2, found, label);
  EXPECT_EQ(found, expected);
}

TEST_P(EveryGenerated, AppliesMeanStdAndScale) {
  const auto open = [&](const std::string& options) {
    return open_dataset(parse_data_spec(GetParam() + std::string(",limit=3") + options));
  };
  const auto plain = open("");
  const auto scaled = open(",scale=2,mean=.5/1/1.5,std=.25");
  const auto elements = static_cast<std::size_t>(plain->shape().elements());
  std::vector<float> x(elements);
  std::vector<float> y(elements);
  std::int64_t label = 0;
  plain->load(1, x, label);
  scaled->load(1, y, label);
  const std::size_t plane = elements / 3;
  for (std::size_t i = 0; i < elements; ++i) {
    const float mean = 0.5f * static_cast<float>(i / plane + 1);
    // byte * 2 / 255 and byte / 255 * 2 are the same: doubling is exact.
    ASSERT_EQ(y[i], (x[i] * 2.0f - mean) / 0.25f);
  }
}

INSTANTIATE_TEST_SUITE_P(Sources, EveryGenerated,
                         testing::Values("synthetic:shapes", "random:3x5x4"),
                         [](const auto& source) {
                           const std::string spec = source.param;
                           return spec.substr(0, spec.find(':'));
                         });

TEST(RandomSource, IsStandardNormalWithUniformLabels) {
  EXPECT_EQ(open_dataset(parse_data_spec("random:3x32"))->shape(), (ImageShape{3, 1, 32}));
  EXPECT_EQ(open_dataset(parse_data_spec("random:20"))->shape(), (ImageShape{20, 1, 1}));
  const auto dataset = open_dataset(parse_data_spec("random:3x8x8,limit=500,classes=4"));
  double sum = 0.0;
  double squares = 0.0;
  std::vector<int> counts(4);
  std::vector<float> image(192);
  std::int64_t label = 0;
  for (std::int64_t i = 0; i < 500; ++i) {
    dataset->load(i, image, label);
    ++counts.at(static_cast<std::size_t>(label));
    for (float value : image) {
      sum += value;
      squares += double{value} * value;
    }
  }
  EXPECT_NEAR(sum / 96000, 0.0, 0.02);
  EXPECT_NEAR(squares / 96000, 1.0, 0.02);
  for (int count : counts) EXPECT_NEAR(count, 125, 45);
}

TEST(RandomSource, RefusesWhatItHasNot) {
  for (const char* shape : {"3x", "3x4x", "3x4x5x6", "0x4x4", "3x4x99999", "3X4X4",
                            "16384x16384x16384", "-3x4x4", " 3x4x4"}) {
    SCOPED_TRACE(shape);
    expect_error(ErrorCode::kInvalidArgument, {"CxHxW"},
                 [&] { open_dataset(parse_data_spec("random:" + std::string(shape))); });
  }
  expect_error(ErrorCode::kInvalidArgument, {"resize"},
               [] { open_dataset(parse_data_spec("random:3x4x4,resize=3")); });
}

TEST(SyntheticSource, RefusesOtherNamesAndTooMuch) {
  expect_error(ErrorCode::kInvalidArgument, {"'shape'", "expected shapes"},
               [] { open_dataset(parse_data_spec("synthetic:shape")); });
  expect_error(ErrorCode::kInvalidArgument, {"limit=300001", "300000"},
               [] { open_dataset(parse_data_spec("synthetic:shapes,limit=300001")); });
}

}  // namespace
}  // namespace gradus
