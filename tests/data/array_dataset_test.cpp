// The npz and npy sources: arrays as NumPy saves them.
#include "gradus/data/array_dataset.h"

#include <gtest/gtest.h>

#include "gradus/data/source.h"
#include "tests/data/archive_files.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

std::string bytes_from(int first, int count) {
  std::string data;
  for (int i = 0; i < count; ++i) data += static_cast<char>(first + i);
  return data;
}

std::string labels(const std::vector<int>& values) {
  std::string data;
  for (int value : values) data += little_endian_bytes(static_cast<std::uint64_t>(value), 8);
  return npy("<i8", "(" + std::to_string(values.size()) + ",)", data);
}

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

class ArraySources : public testing::Test {
 protected:
  std::unique_ptr<Dataset> open_npz(const std::vector<ZipMember>& members,
                                    const std::string& options = "") {
    write_test_file(folder_.file("x.npz"), zip(members));
    return open_dataset(parse_data_spec("npz:" + folder_.file("x.npz") + options));
  }
  std::unique_ptr<Dataset> open_npy(const std::string& images, const std::string& labels_file,
                                    const std::string& options = "") {
    write_test_file(folder_.file("x.npy"), images);
    write_test_file(folder_.file("y.npy"), labels_file);
    return open_dataset(parse_data_spec("npy:" + folder_.file("x.npy") +
                                        ",labels=" + folder_.file("y.npy") + options));
  }

  TemporaryFolder folder_;
};

std::vector<float> load(const Dataset& dataset, std::int64_t index, Rng* rng = nullptr) {
  std::vector<float> image(static_cast<std::size_t>(dataset.shape().elements()));
  std::int64_t label = 0;
  dataset.load(index, image, label, rng);
  EXPECT_EQ(label, dataset.label(index));
  return image;
}

// Two pictures of 2 x 2 pixels with 3 channels, the same in both orders.
TEST_F(ArraySources, TellPlanesFromPixels) {
  const auto pixels =
      open_npy(npy("|u1", "(2, 2, 2, 3)", bytes_from(0, 24)), labels({0, 4}), ",scale=255");
  EXPECT_EQ(pixels->shape(), (ImageShape{3, 2, 2}));
  EXPECT_EQ(pixels->classes(), 5);
  EXPECT_EQ(pixels->label(1), 4);
  EXPECT_EQ(load(*pixels, 1), (std::vector<float>{12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23}));
  const auto planes =
      open_npy(npy("|u1", "(2, 3, 2, 2)", bytes_from(0, 24)), labels({0, 4}), ",scale=255");
  EXPECT_EQ(planes->shape(), (ImageShape{3, 2, 2}));
  EXPECT_EQ(load(*planes, 1), (std::vector<float>{12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}));
}

TEST_F(ArraySources, AskWhereTheShapeDoesNotTell) {
  const std::string both = npy("|u1", "(1, 3, 2, 3)", bytes_from(0, 18));
  expect_error(ErrorCode::kInvalidFile, {"x.npy", "both", "layout=nchw"},
               [&] { open_npy(both, labels({0})); });
  EXPECT_EQ(open_npy(both, labels({0}), ",layout=nchw")->shape(), (ImageShape{3, 2, 3}));
  EXPECT_EQ(open_npy(both, labels({0}), ",layout=nhwc")->shape(), (ImageShape{3, 3, 2}));
  const std::string neither = npy("|u1", "(1, 2, 2, 2)", bytes_from(0, 8));
  expect_error(ErrorCode::kInvalidFile, {"neither"}, [&] { open_npy(neither, labels({0})); });
}

TEST_F(ArraySources, TakeGreyPicturesAndFeatures) {
  const auto grey =
      open_npy(npy("|u1", "(2, 2, 3)", bytes_from(1, 12)), labels({1, 0}), ",scale=255,mean=1");
  EXPECT_EQ(grey->shape(), (ImageShape{1, 2, 3}));
  EXPECT_EQ(load(*grey, 1), (std::vector<float>{6, 7, 8, 9, 10, 11}));
  const auto features = open_npy(npy("<f4", "(2, 3)", floats({1, 2, 3, 4, 5, 6})), labels({1, 0}));
  EXPECT_EQ(features->shape(), (ImageShape{1, 1, 3}));
  EXPECT_EQ(load(*features, 1), (std::vector<float>{4, 5, 6}));
}

TEST_F(ArraySources, TakeFloatsAsTheyAre) {
  const std::string images = npy("<f4", "(1, 2, 1, 3)", floats({1, 2, 3, -4, 5, 60}));
  const auto plain = open_npy(images, labels({0}));
  EXPECT_EQ(load(*plain, 0), (std::vector<float>{1, -4, 2, 5, 3, 60}));
  const auto scaled = open_npy(images, labels({0}), ",scale=2,mean=1/2/3,std=2,order=bgr");
  EXPECT_EQ(load(*scaled, 0), (std::vector<float>{(6 - 1) / 2.f, (120 - 1) / 2.f, (4 - 2) / 2.f,
                                                  (10 - 2) / 2.f, (2 - 3) / 2.f, (-8 - 3) / 2.f}));
  // Sixteen-bit numbers are numbers, not pictures.
  const auto wide =
      open_npy(npy("<u2", "(1, 1, 2)", std::string("\x10\x27\x02\x00", 4)), labels({0}));
  EXPECT_EQ(load(*wide, 0), (std::vector<float>{10000, 2}));
}

TEST_F(ArraySources, FlipFloatsInTheTrainSplitAsPictures) {
  const std::string data = bytes_from(1, 30);
  std::vector<float> values;
  for (char c : data) values.push_back(static_cast<float>(c) / 255.0f);
  const std::string options = ",split=train,augment=pad_crop_flip,vflip=.5";
  const auto pictures = open_npy(npy("|u1", "(1, 5, 6)", data), labels({0}), options);
  std::vector<std::vector<float>> expected;
  for (std::uint64_t i = 0; i < 50; ++i) {
    Rng rng(i);
    expected.push_back(load(*pictures, 0, &rng));
  }
  const auto numbers = open_npy(npy("<f4", "(1, 5, 6)", floats(values)), labels({0}), options);
  for (std::uint64_t i = 0; i < 50; ++i) {
    Rng rng(i);
    EXPECT_EQ(load(*numbers, 0, &rng), expected[i]) << i;
  }
}

TEST_F(ArraySources, RefuseOfFloatsWhatOnlyPicturesCan) {
  const std::string images = npy("<f4", "(1, 2, 2)", floats({1, 2, 3, 4}));
  for (const char* options :
       {",resize=4", ",crop=1", ",channels=3", ",split=train,jitter=.1/0/0/0",
        ",split=train,randaugment=1/9", ",split=train,augment=random_resized_crop"}) {
    expect_error(ErrorCode::kInvalidArgument, {"array of float32", "uint8"},
                 [&] { open_npy(images, labels({0}), options); });
  }
  const auto broken = open_npy(
      npy("<f4", "(1, 1, 2)", floats({1, std::numeric_limits<float>::infinity()})), labels({0}));
  expect_error(ErrorCode::kInvalidFile, {"image 0", "not finite"}, [&] { load(*broken, 0); });
}

TEST_F(ArraySources, SelectAndHash) {
  const std::string images = npy("|u1", "(4, 1, 1)", bytes_from(10, 4));
  const auto all = open_npy(images, labels({0, 1, 2, 3}), ",scale=255");
  const auto some = open_npy(images, labels({0, 1, 2, 3}), ",scale=255,offset=1,limit=2");
  EXPECT_EQ(some->size(), 2);
  EXPECT_EQ(some->classes(), 4);
  EXPECT_EQ(some->label(1), 2);
  EXPECT_EQ(load(*some, 1), std::vector<float>{12});
  EXPECT_NE(some->content_hash(), all->content_hash());
  EXPECT_EQ(open_npy(images, labels({0, 1, 2, 3}), ",mean=3")->content_hash(), all->content_hash());
}

TEST_F(ArraySources, RefuseLabelsThatAreNone) {
  const std::string images = npy("|u1", "(2, 1, 1)", bytes_from(0, 2));
  expect_error(ErrorCode::kInvalidFile, {"y.npy", "3 labels for 2 images"},
               [&] { open_npy(images, labels({0, 1, 2})); });
  expect_error(ErrorCode::kInvalidFile, {"y.npy", "label 1 is -1"},
               [&] { open_npy(images, labels({0, -1})); });
  expect_error(ErrorCode::kInvalidFile, {"y.npy", "label 1", "classes=1"},
               [&] { open_npy(images, labels({0, 1}), ",classes=1"); });
  expect_error(ErrorCode::kInvalidFile, {"[2, 3]", "argmax"},
               [&] { open_npy(images, npy("|u1", "(2, 3)", bytes_from(0, 6))); });
  expect_error(ErrorCode::kInvalidFile, {"y.npy", "float32", "expected integers"},
               [&] { open_npy(images, npy("<f4", "(2,)", floats({0, 1}))); });
  EXPECT_EQ(open_npy(images, npy("|u1", "(2, 1)", bytes_from(0, 2)))->label(1), 1);
  expect_error(ErrorCode::kInvalidArgument, {"no labels", "labels=FILE"},
               [&] { open_dataset(parse_data_spec("npy:" + folder_.file("x.npy"))); });
}

TEST_F(ArraySources, RefuseImagesThatAreNone) {
  expect_error(ErrorCode::kInvalidFile, {"x.npy", "[2]", "expected images"},
               [&] { open_npy(npy("|u1", "(2,)", "ab"), labels({0, 1})); });
  expect_error(ErrorCode::kInvalidFile, {"holds nothing"},
               [&] { open_npy(npy("|u1", "(2, 0, 3)", ""), labels({0, 1})); });
  expect_error(ErrorCode::kInvalidFile, {"99999x1", "16384"},
               [&] { open_npy(npy("|u1", "(1, 1, 99999)", bytes_from(0, 99999)), labels({0})); });
}

const std::string kOne = npy("|u1", "(1, 1, 1)", "a");
const std::string kTwo = npy("|u1", "(2, 1, 1)", "bc");

TEST_F(ArraySources, FindTheArraysOfEitherSplitByTheirUsualNames) {
  for (const auto& [images, labels_name] : std::vector<std::pair<std::string, std::string>>{
           {"x_*", "y_*"}, {"X_*", "y_*"}, {"*_images", "*_labels"}, {"images_*", "labels_*"}}) {
    const auto named = [](std::string pattern, const std::string& word) {
      return pattern.replace(pattern.find('*'), 1, word) + ".npy";
    };
    const std::vector<ZipMember> members = {{named(images, "train"), kTwo, true},
                                            {named(labels_name, "train"), labels({3, 2}), true},
                                            {named(images, "test"), kOne},
                                            {named(labels_name, "test"), labels({1})}};
    EXPECT_EQ(open_npz(members, ",split=train")->label(0), 3);
    EXPECT_EQ(open_npz(members)->label(0), 1);
    EXPECT_EQ(open_npz(members)->size(), 1);
  }
}

TEST_F(ArraySources, FindOnePairForBothSplitsOrWhatIsNamed) {
  for (const auto& [images, labels_name] : std::vector<std::pair<std::string, std::string>>{
           {"images", "labels"}, {"x", "y"}, {"data", "target"}, {"arr_0", "arr_1"}}) {
    const std::vector<ZipMember> members = {{images + ".npy", kOne},
                                            {labels_name + ".npy", labels({6})}};
    EXPECT_EQ(open_npz(members)->label(0), 6);
    EXPECT_EQ(open_npz(members, ",split=train")->label(0), 6);
  }
  const std::vector<ZipMember> members = {{"images.npy", kOne},
                                          {"labels.npy", labels({6})},
                                          {"fine.npy", labels({17})},
                                          {"notes.txt", ""}};
  EXPECT_EQ(open_npz(members, ",labels=fine")->label(0), 17);
  expect_error(ErrorCode::kInvalidArgument, {"x.npz", "holds images, labels, fine;", "images=NAME"},
               [&] { open_npz(members, ",labels=other"); });
}

// A training split must not stand in for a test split that is not there.
TEST_F(ArraySources, DoNotTestOnTheTrainingArrays) {
  const std::vector<ZipMember> members = {{"x_train.npy", kOne}, {"y_train.npy", labels({6})}};
  EXPECT_EQ(open_npz(members, ",split=train")->size(), 1);
  expect_error(ErrorCode::kInvalidArgument, {"x_train, y_train", "test split"},
               [&] { open_npz(members); });
}

TEST_F(ArraySources, NameTheArrayThatIsDamaged) {
  expect_error(ErrorCode::kInvalidFile, {"x.npz: images", "not a .npy"},
               [&] { open_npz({{"images.npy", "?"}, {"labels.npy", labels({6})}}); });
  expect_error(ErrorCode::kInvalidFile, {"x.npz: labels", "2 labels for 1 images in"},
               [&] { open_npz({{"images.npy", kOne}, {"labels.npy", labels({6, 1})}}); });
  expect_error(ErrorCode::kInvalidFile, {"x.npz", "'images.npy'"}, [&] {
    open_npz({{"images.npy", kOne, true, {std::uint64_t{1} << 31}}, {"labels.npy", labels({6})}});
  });
}

TEST_F(ArraySources, RefuseOptionsOfOthers) {
  expect_error(ErrorCode::kInvalidArgument, {"option labels", "cifar10 has none", "npz, npy"},
               [] { open_dataset(parse_data_spec("cifar10:/a,labels=b")); });
  expect_error(ErrorCode::kInvalidArgument, {"option cache", "npz has none", "imagefolder"},
               [] { open_dataset(parse_data_spec("npz:/a,cache=memory")); });
}

}  // namespace
}  // namespace gradus
