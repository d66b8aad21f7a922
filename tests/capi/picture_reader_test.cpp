#include "gradus/capi/picture_reader.h"

#include <gtest/gtest.h>

#include "gradus/base/rng.h"
#include "gradus/data/pixels.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::expect_error;

Picture random_picture(int width, int height, int channels, Rng& rng) {
  Picture picture{width, height, channels, {}};
  for (int i = 0; i < width * height * channels; ++i) {
    picture.bytes.push_back(static_cast<std::uint8_t>(rng.below(256)));
  }
  return picture;
}

QTensor input(int side, int channels) {
  QTensor tensor;
  tensor.kind = QTensorKind::kFloat;
  tensor.height = tensor.width = side;
  tensor.channels = channels;
  return tensor;
}

Preprocessing random_preprocessing(int side, int channels, Rng& rng) {
  Preprocessing result;
  result.scale = rng.below(2) == 0 ? 1.0f : 255.0f;
  const auto values = [&](float low, float high) {
    const std::size_t count = rng.below(2) == 0 ? rng.below(2) : static_cast<std::size_t>(channels);
    std::vector<float> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back(rng.uniform(low, high));
    return list;
  };
  result.mean = values(-1.0f, 120.0f);
  result.std = values(0.01f, 60.0f);
  if (channels == 3 && rng.below(2) == 0) result.order = ChannelOrder::kBgr;
  result.resize = side + static_cast<int>(rng.below(4));
  result.crop = side;
  if (rng.below(2) == 0) result.crop_round = CropRound::kDown;
  return result;
}

std::map<std::string, std::string> metadata_of(const Preprocessing& preprocessing) {
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : to_key_values(preprocessing)) {
    metadata["data.pixels." + key] = text;
  }
  return metadata;
}

// As the data sets do it: data/picture_dataset.cpp.
std::vector<float> by_the_data_sets(const Preprocessing& preprocessing, const Picture& picture) {
  const PictureSize size =
      resized_size({picture.width, picture.height}, static_cast<int>(preprocessing.resize), "t");
  const Picture resized = resize_bilinear(picture.view(), size);
  const PictureView view = centre_crop(resized.view(), static_cast<int>(preprocessing.crop),
                                       preprocessing.crop_round, "t");
  std::vector<float> values(static_cast<std::size_t>(view.width * view.height * view.channels));
  PixelTable(preprocessing, view.channels, "t").write(view, {}, Layout::kNchw, values);
  return values;
}

TEST(PictureReader, GivesTheFloatsThatTheDataSetsGive) {
  testing_support::TestRandom random;
  Rng& rng = random.rng();
  for (int round = 0; round < 100; ++round) {
    const int side = 4 + static_cast<int>(rng.below(9));
    const int channels = rng.below(3) == 0 ? 1 : 3;
    const Preprocessing preprocessing = random_preprocessing(side, channels, rng);
    const auto stored = stored_preprocessing(metadata_of(preprocessing));
    ASSERT_EQ(stored, preprocessing);
    PictureReader reader(*stored, input(side, channels));
    for (int i = 0; i < 3; ++i) {
      const Picture picture = random_picture(side + static_cast<int>(rng.below(30)),
                                             side + static_cast<int>(rng.below(30)), channels, rng);
      std::vector<float> values(static_cast<std::size_t>(side * side * channels));
      reader.check(picture.view(), "p");
      reader.read(picture.view(), values);
      EXPECT_EQ(values, by_the_data_sets(preprocessing, picture));
    }
  }
}

TEST(PictureReader, ReadsRowsThatLieApart) {
  Rng rng(5);
  const Picture wide = random_picture(8, 4, 3, rng);
  PictureView part = wide.view();
  part.width = 4;
  Picture copy{4, 4, 3, {}};
  for (int y = 0; y < 4; ++y) {
    copy.bytes.insert(copy.bytes.end(), part.row(y), part.row(y) + 12);
  }
  PictureReader reader({}, input(4, 3));
  std::vector<float> apart(48);
  std::vector<float> together(48);
  reader.check(part, "p");
  reader.read(part, apart);
  reader.read(copy.view(), together);
  EXPECT_EQ(apart, together);
}

TEST(PictureReader, RefusesPicturesThatDoNotComeOutRight) {
  Rng rng(5);
  const PictureReader plain({}, input(8, 3));
  const PictureReader crops({.resize = 10, .crop = 8}, input(8, 3));
  const auto refuses = [&](const PictureReader& reader, PictureView view, const char* word) {
    expect_error(ErrorCode::kInvalidArgument, {"picture 3", word},
                 [&] { reader.check(view, "picture 3"); });
  };
  const Picture picture = random_picture(9, 8, 3, rng);
  refuses(plain, picture.view(), "comes out 9x8 pixels; the network takes 8x8");
  EXPECT_NO_THROW(crops.check(picture.view(), "p"));
  PictureView view = picture.view();
  view.row_stride = 26;
  refuses(crops, view, "row_stride 26");
  for (const auto& [width, height] :
       {std::pair{0, 8}, {8, 0}, {-1, 8}, {8, -1}, {16385, 1}, {16384, 16384}, {INT32_MAX, 2}}) {
    view = picture.view();
    view.width = width;
    view.height = height;
    refuses(crops, view, "expected sides from 1 to");
  }
}

TEST(StoredPreprocessing, IsNothingWhereTheModelRemembersNone) {
  EXPECT_EQ(stored_preprocessing({}), std::nullopt);
  EXPECT_EQ(stored_preprocessing({{"recipe", "version: 1"}, {"data.hash", "0"}}), std::nullopt);
}

TEST(StoredPreprocessing, RefusesWhatItCannotFollowExactly) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"mean", ""},     {"mean", "0.5/"},     {"mean", "1/2/3/4/5"}, {"mean", "nan"},
      {"std", "0"},     {"std", "-1"},        {"scale", "inf"},      {"scale", "1x"},
      {"order", "gbr"}, {"resize", "0"},      {"resize", "16385"},   {"crop", "1e3"},
      {"crop", "-4"},   {"crop_round", "up"}, {"gamma", "2.2"},      {"", "1"}};
  for (const auto& [key, text] : cases) {
    expect_error(ErrorCode::kInvalidFile, {"'data.pixels." + key + "'"},
                 [&] { stored_preprocessing({{"data.pixels." + key, text}}); });
  }
}

TEST(PictureReader, RefusesPreprocessingOfOtherChannels) {
  const auto refuses = [](const Preprocessing& preprocessing, int channels, const char* word) {
    expect_error(ErrorCode::kInvalidFile, {word},
                 [&] { PictureReader(preprocessing, input(8, channels)); });
  };
  refuses({.mean = {1.0f, 2.0f}}, 3, "2 values");
  refuses({.std = {1.0f, 2.0f, 3.0f}}, 1, "3 values");
  refuses({.order = ChannelOrder::kBgr}, 1, "order bgr");
  refuses({}, 5, "5 channels");
}

}  // namespace
}  // namespace gradus
