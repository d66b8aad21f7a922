// The imagelist source: real files on disk.
#include <gtest/gtest.h>

#include <filesystem>

#include "gradus/data/resize.h"
#include "gradus/data/source.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

class ImagelistSource : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) {
    return write_test_file(folder_.file(name), bytes);
  }
  std::unique_ptr<Dataset> open(const std::string& options = "") {
    return open_dataset(parse_data_spec("imagelist:" + folder_.file("list.txt") + options));
  }

  TemporaryFolder folder_;
};

TEST_F(ImagelistSource, PreparesPicturesAsThePartsDo) {
  const Picture wide = pattern_picture(40, 30);
  const Picture tall = pattern_picture(20, 50);
  write("p/wide.png", encode_png(wide));
  write("p/tall.png", encode_png(tall));
  write("list.txt", "p/wide.png, 2\np/tall.png, 4\n");
  const auto dataset = open(",resize=17,crop=12,crop_round=down,scale=255,order=bgr,mean=1/2/3");
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->classes(), 5);
  EXPECT_EQ(dataset->shape(), (ImageShape{3, 12, 12}));
  std::int64_t index = 0;
  for (const Picture& picture : {wide, tall}) {
    const PictureSize size = resized_size({picture.width, picture.height}, 17, "p");
    const Picture resized = resize_bilinear(picture.view(), size);
    const PictureView centre = centre_crop(resized.view(), 12, CropRound::kDown, "p");
    std::vector<float> image(3 * 12 * 12);
    std::int64_t label = 0;
    dataset->load(index, image, label);
    EXPECT_EQ(label, index == 0 ? 2 : 4);
    for (int c = 0; c < 3; ++c) {
      for (int y = 0; y < 12; ++y) {
        for (int x = 0; x < 12; ++x) {
          const float byte = centre.row(y)[x * 3 + 2 - c];
          ASSERT_EQ(image[static_cast<std::size_t>((c * 12 + y) * 12 + x)],
                    byte - static_cast<float>(c + 1));
        }
      }
    }
    ++index;
  }
}

TEST_F(ImagelistSource, FlipsInTheTrainSplitOnly) {
  write("a.png", encode_png(pattern_picture(8, 8)));
  write("list.txt", "a.png 0\n");
  EXPECT_EQ(open(",split=train")->info().augmentation, (Augmentation{.hflip = 0.5f}));
  EXPECT_EQ(open(",split=train,augment=none")->info().augmentation, Augmentation{});
  EXPECT_EQ(open(",split=test,augment=flip")->info().augmentation, Augmentation{});
}

TEST_F(ImagelistSource, RefusesALinkThatLeavesTheFolder) {
  const TemporaryFolder other;
  write_test_file(other.file("secret.png"), encode_png(pattern_picture(8, 8)));
  write("a.png", encode_png(pattern_picture(8, 8)));
  std::filesystem::create_symlink(other.file("secret.png"), folder_.file("link.png"));
  std::filesystem::create_symlink(other.path(), folder_.file("sub"));
  std::filesystem::create_symlink(folder_.file("a.png"), folder_.file("inner.png"));
  write("list.txt", "a.png 0\nlink.png 0\nsub/secret.png 0\ninner.png 0\n");
  const auto dataset = open();
  std::vector<float> image(3 * 8 * 8);
  std::int64_t label = 0;
  for (const std::int64_t index : {1, 2}) {
    expect_error(ErrorCode::kInvalidFile, {"secret.png", "expected a file inside"},
                 [&] { dataset->load(index, image, label); });
  }
  dataset->load(3, image, label);
}

TEST_F(ImagelistSource, NamesTheFileThatIsMissingCutOrOfAnotherSize) {
  const std::string good = encode_jpeg(pattern_picture(40, 30));
  write("good.jpg", good);
  write("cut.jpg", good.substr(0, good.size() / 2));
  write("small.jpg", encode_jpeg(pattern_picture(20, 20)));
  write("list.txt", "good.jpg 0\ncut.jpg 0\nmissing.jpg 0\nsmall.jpg 0\n");
  const auto dataset = open();
  std::vector<float> image(3 * 40 * 30);
  std::int64_t label = 0;
  expect_error(ErrorCode::kInvalidFile, {folder_.file("cut.jpg"), "ends before"},
               [&] { dataset->load(1, image, label); });
  expect_error(ErrorCode::kNotFound, {folder_.file("missing.jpg")},
               [&] { dataset->load(2, image, label); });
  expect_error(ErrorCode::kInvalidFile, {folder_.file("small.jpg"), "20x20", "40x30", "resize"},
               [&] { dataset->load(3, image, label); });
  expect_error(ErrorCode::kInvalidArgument, {"crop=31", "40x30"}, [&] { open(",crop=31"); });
}

TEST_F(ImagelistSource, ChecksLabelsAgainstClasses) {
  write("a.png", encode_png(pattern_picture(8, 8)));
  write("list.txt", "a.png 4\n");
  EXPECT_EQ(open(",classes=1000")->classes(), 1000);
  expect_error(ErrorCode::kInvalidFile, {"label 4", "classes=4"}, [&] { open(",classes=4"); });
}

TEST_F(ImagelistSource, HashesContentAndNotPlace) {
  write("a.png", encode_png(pattern_picture(8, 8)));
  write("b.png", encode_png(pattern_picture(9, 8)));
  write("list.txt", "a.png 4\n");
  const std::string hash = open()->content_hash();
  EXPECT_EQ(hash.size(), 16u);
  EXPECT_EQ(open(",mean=1,resize=4,crop=2")->content_hash(), hash);
  write("list.txt", "a.png 5\n");
  EXPECT_NE(open()->content_hash(), hash);
  write("list.txt", "b.png 4\n");
  EXPECT_NE(open()->content_hash(), hash);
}

// The folder as it is downloaded, if it is there: every picture of the list comes out.
TEST(ImagelistOnRealData, ReadsImagenet) {
  const std::string list = real_data_path("imagenet-val1300/dataset.txt");
  if (!std::filesystem::exists(list)) GTEST_SKIP() << "no " << list;
  const auto dataset = open_dataset(parse_data_spec(
      "imagelist:" + list + ",resize=256,crop=224,mean=.485/.456/.406,std=.229/.224/.225"));
  EXPECT_EQ(dataset->size(), 1300);
  EXPECT_EQ(dataset->shape(), (ImageShape{3, 224, 224}));
  std::vector<float> image(static_cast<std::size_t>(dataset->shape().elements()));
  std::int64_t label = 0;
  for (std::int64_t i = 0; i < dataset->size(); i += 100) dataset->load(i, image, label);
  EXPECT_EQ(dataset->label(0), 472);
}

}  // namespace
}  // namespace gradus
