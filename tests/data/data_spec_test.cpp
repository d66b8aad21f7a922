#include "gradus/data/data_spec.h"

#include <gtest/gtest.h>

#include <map>

#include "gradus/data/data_options.h"
#include "gradus/data/source.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

// A good and a bad value of every option; an option without a line here fails the tests below.
const std::map<std::string, std::pair<std::string, std::string>> kValues = {
    {"split", {"train", "validation"}},
    {"offset", {"7", "-1"}},
    {"limit", {"1000", "0"}},
    {"seed", {"9223372036854775807", "9223372036854775808"}},
    {"classes", {"1000", "1e3"}},
    {"scale", {"255", "-1"}},
    {"mean", {"0.485/0.456/0.406", "0.5//0.5"}},
    {"std", {"0.229/0.224/0.225", "1/0/1"}},
    {"order", {"bgr", "rgba"}},
    {"resize", {"256", "16385"}},
    {"crop", {"224", "224x224"}},
    {"crop_round", {"down", "up"}},
    {"exif", {"ignore", "yes"}},
    {"channels", {"4", "2"}},
    {"images", {"x_train", ""}},
    {"labels", {"a\\,b.npy", ""}},
    {"layout", {"nchw", "chw"}},
    {"cache", {"memory", ""}},
    {"augment", {"random_resized_crop", ""}},
    {"hflip", {"0.25", "1.5"}},
    {"vflip", {"1", "-1"}},
    {"crop_scale", {"0.08/1", "1/0.5"}},
    {"crop_ratio", {"0.75/1.5", "0/1"}},
    {"jitter", {"0.4/0.4/0.4/0.1", "0.4/0.4/0.4/0.6"}},
    {"randaugment", {"2/9", "2/9.5"}}};

TEST(DataSpec, ReadsEveryPart) {
  const DataSpec spec = parse_data_spec(
      "imagelist:/data/list.txt,split=train,limit=1000,seed=3,mean=.485/.456/"
      ".406,std=.5,resize=256,"
      "crop=224,order=bgr,scale=255,augment=none,offset=10,classes=1000");
  EXPECT_EQ(spec.kind, "imagelist");
  EXPECT_EQ(spec.path, "/data/list.txt");
  EXPECT_EQ(spec.split, Split::kTrain);
  EXPECT_EQ(spec.limit, 1000);
  EXPECT_EQ(spec.offset, 10);
  EXPECT_EQ(spec.seed, 3);
  EXPECT_EQ(spec.classes, 1000);
  EXPECT_EQ(spec.mean, (std::vector<float>{.485f, .456f, .406f}));
  EXPECT_EQ(spec.std, std::vector<float>{.5f});
  EXPECT_EQ(spec.resize, 256);
  EXPECT_EQ(spec.crop, 224);
  EXPECT_EQ(spec.order, ChannelOrder::kBgr);
  EXPECT_EQ(spec.scale, 255.0f);
  EXPECT_EQ(spec.augment, Augment::kNone);
}

TEST(DataSpec, LeavesWhatIsNotGivenEmpty) {
  const DataSpec spec = parse_data_spec("cifar10:/data");
  EXPECT_EQ(spec, (DataSpec{.kind = "cifar10", .path = "/data"}));
}

TEST(DataSpec, ReadsBackEveryOptionThatItWrites) {
  for (const DataOption& option : data_options()) {
    ASSERT_TRUE(kValues.count(option.name)) << option.name;
    const std::string text = "cifar10:/a," + option.name + "=" + kValues.at(option.name).first;
    const DataSpec spec = parse_data_spec(text);
    EXPECT_EQ(to_string(spec), text);
    EXPECT_EQ(merge(DataSpec{}, spec), spec) << option.name;
  }
}

TEST(DataSpec, RefusesAValueOutOfRangeForEveryOption) {
  for (const DataOption& option : data_options()) {
    const std::string value = kValues.at(option.name).second;
    expect_error(ErrorCode::kInvalidArgument,
                 {"option " + option.name, "'" + value + "'", option.values},
                 [&] { parse_data_spec("cifar10:/a," + option.name + "=" + value); });
  }
}

TEST(DataSpec, WritesFloatsThatReadBackToTheSameBits) {
  DataSpec spec{.kind = "cifar10", .path = "x"};
  spec.mean = {0.1f, 1.0f / 3.0f, 1e-7f};
  EXPECT_EQ(parse_data_spec(to_string(spec)).mean, spec.mean);
}

TEST(DataSpec, TakesAPathWithCommasAndBackslashes) {
  const DataSpec spec = parse_data_spec("imagelist:/a\\,b\\\\c:d,limit=2");
  EXPECT_EQ(spec.path, "/a,b\\c:d");
  EXPECT_EQ(spec.limit, 2);
  EXPECT_EQ(parse_data_spec(to_string(spec)), spec);
}

TEST(DataSpec, NamesTheNearestKindAndOption) {
  expect_error(ErrorCode::kInvalidArgument, {"'cifar100'", "did you mean 'cifar10'"},
               [] { parse_data_spec("cifar100:/a"); });
  expect_error(ErrorCode::kInvalidArgument, {"'splt'", "did you mean 'split'", "resize"},
               [] { parse_data_spec("cifar10:/a,splt=test"); });
}

TEST(DataSpec, RefusesWhatIsNoSpec) {
  for (const char* text : {"", ":", "cifar10", "cifar10:", "cifar10:,limit=1", "cifar10:a,",
                           "nope:a", "cifar10:a,limit", "cifar10:a,limit=1,limit=1", "cifar10:a,=1",
                           "cifar10:a,mean=1/2/3/4/5", "cifar10:a,mean=nan", "cifar10:a,scale=inf",
                           "cifar10:a,limit= 1", "cifar10:a,limit=+1", "cifar10:a\nb"}) {
    SCOPED_TRACE(text);
    expect_error(ErrorCode::kInvalidArgument, {"data"}, [&] { parse_data_spec(text); });
  }
}

TEST(DataSpec, MergesOptionByOption) {
  const DataSpec remembered = parse_data_spec("cifar10:/old,mean=.5,std=.25,limit=5");
  const DataSpec given = parse_data_spec("imagelist:/new,std=1,split=test");
  const DataSpec merged = merge(remembered, given);
  EXPECT_EQ(to_string(merged), "imagelist:/new,split=test,limit=5,mean=0.5,std=1");
  EXPECT_EQ(merge(remembered, DataSpec{}), remembered);
}

}  // namespace
}  // namespace gradus
