// The imagefolder source: real folders on disk.
#include <gtest/gtest.h>

#include <filesystem>

#include "gradus/data/source.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

namespace fs = std::filesystem;

class ImagefolderSource : public testing::Test {
 protected:
  // A picture of one colour, so that it is known again.
  void put(const std::string& name, int colour) {
    const Picture picture{2, 2, 1, std::vector<std::uint8_t>(4, static_cast<std::uint8_t>(colour))};
    write_test_file(folder_.file(name), encode_png(picture));
  }
  std::unique_ptr<Dataset> open(const std::string& options = "") {
    return open_dataset(parse_data_spec("imagefolder:" + folder_.path() + options));
  }
  // Label and colour of every picture, in order.
  std::vector<std::pair<std::int64_t, int>> all(const Dataset& dataset) {
    std::vector<std::pair<std::int64_t, int>> found;
    std::vector<float> image(static_cast<std::size_t>(dataset.shape().elements()));
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      std::int64_t label = -1;
      dataset.load(i, image, label);
      found.emplace_back(label, static_cast<int>(image[0]));
    }
    return found;
  }
  std::vector<std::pair<std::int64_t, int>> all(const std::string& options = "") {
    return all(*open(",scale=255" + options));
  }

  TemporaryFolder folder_;
};

using Pictures = std::vector<std::pair<std::int64_t, int>>;

TEST_F(ImagefolderSource, NumbersClassesByTheirSortedNames) {
  put("dog/1.png", 1);
  put("Zebra/2.png", 2);
  put("cat/b.PNG", 3);
  put("cat/a.png", 4);
  write_test_file(folder_.file("readme.txt"), "no class");
  write_test_file(folder_.file("cat/notes.txt"), "no picture");
  const auto dataset = open(",scale=255");
  EXPECT_EQ(dataset->info().class_names, (std::vector<std::string>{"Zebra", "cat", "dog"}));
  EXPECT_EQ(all(*dataset), (Pictures{{0, 2}, {1, 4}, {1, 3}, {2, 1}}));
}

// sorted(os.walk()) sorts folders by their whole paths, where '-' comes before '/'.
TEST_F(ImagefolderSource, VisitsFoldersWithinAClassAsTorchvisionDoes) {
  put("a/z.png", 1);
  put("a/sub/y.png", 2);
  put("a/sub-1/x.png", 3);
  put("a/sub/deep/w.png", 4);
  EXPECT_EQ(all(), (Pictures{{0, 1}, {0, 2}, {0, 3}, {0, 4}}));
  put("a/sub/0.png", 5);
  put("a/sub!/v.png", 6);
  // a, a/sub, a/sub!, a/sub-1, a/sub/deep
  EXPECT_EQ(all(), (Pictures{{0, 1}, {0, 5}, {0, 2}, {0, 6}, {0, 3}, {0, 4}}));
}

TEST_F(ImagefolderSource, TakesTrainAndTestFromTheirFolders) {
  put("train/a/1.png", 1);
  put("train/b/2.png", 2);
  put("val/b/3.png", 3);
  EXPECT_EQ(all(",split=train"), (Pictures{{0, 1}, {1, 2}}));
  // A class that the test pictures lack keeps its number.
  EXPECT_EQ(all(), (Pictures{{1, 3}}));
  put("test/a/4.png", 4);
  EXPECT_EQ(all(), (Pictures{{0, 4}}));
}

TEST_F(ImagefolderSource, RefusesAClassThatTrainingHasNot) {
  put("train/a/1.png", 1);
  put("val/a/2.png", 2);
  put("val/c/3.png", 3);
  expect_error(ErrorCode::kInvalidFile, {"val/c", "a class that", "train has not"},
               [&] { open(); });
}

TEST_F(ImagefolderSource, DoesNotTestOnTheTrainingFolder) {
  put("train/a/1.png", 1);
  expect_error(ErrorCode::kNotFound, {"neither test nor val", "split=train"}, [&] { open(); });
  EXPECT_EQ(all(",split=train"), (Pictures{{0, 1}}));
}

TEST_F(ImagefolderSource, SaysWhatIsWrongWithTheFolder) {
  expect_error(ErrorCode::kNotFound, {"/nowhere", "no folder"},
               [] { open_dataset(parse_data_spec("imagefolder:/nowhere")); });
  expect_error(ErrorCode::kInvalidFile, {folder_.path(), "holds no folder"}, [&] { open(); });
  put("a/1.png", 1);
  fs::create_directory(folder_.file("empty"));
  expect_error(ErrorCode::kInvalidFile, {folder_.file("empty"), "holds no picture", "remove"},
               [&] { open(); });
  fs::remove(folder_.file("empty"));
  write_test_file(folder_.file("a/2.webp"), "");
  expect_error(ErrorCode::kUnsupported, {"2.webp", "convert"}, [&] { open(); });
  fs::remove(folder_.file("a/2.webp"));
  write_test_file(folder_.file("a/3.jpg"), "no jpeg");
  expect_error(ErrorCode::kInvalidFile, {"a/3.jpg", "no JPEG"}, [&] { all(); });
  expect_error(ErrorCode::kInvalidArgument, {"classes", "found 2", "expected 1"},
               [&] { open(",classes=2"); });
}

TEST_F(ImagefolderSource, FollowsLinksAndRefusesACircle) {
  const TemporaryFolder other;
  put("a/1.png", 1);
  fs::create_directory_symlink(folder_.file("a"), folder_.file("b"));
  write_test_file(other.file("x.png"), encode_png(pattern_picture(2, 2)));
  fs::create_symlink(other.file("x.png"), folder_.file("a/x.png"));
  EXPECT_EQ(open()->size(), 4);
  EXPECT_EQ(all().size(), 4u);
  fs::create_directory_symlink(folder_.path(), folder_.file("a/circle"));
  expect_error(ErrorCode::kInvalidFile, {"circle"}, [&] { open(); });
}

TEST_F(ImagefolderSource, MakesGreyOrAlphaOnRequest) {
  Picture clear = pattern_picture(3, 2, 4);
  write_test_file(folder_.file("a/1.png"), encode_png(clear));
  std::vector<float> image(4 * 6);
  std::int64_t label = 0;
  const auto with_alpha = open(",scale=255,channels=4");
  EXPECT_EQ(with_alpha->shape(), (ImageShape{4, 2, 3}));
  with_alpha->load(0, image, label, nullptr, Layout::kNhwc);
  EXPECT_TRUE(std::equal(image.begin(), image.end(), clear.bytes.begin()));
  const auto grey = open(",scale=255,channels=1");
  image.resize(6);
  grey->load(0, image, label);
  const std::uint8_t* p = clear.bytes.data();
  EXPECT_EQ(image[0],
            static_cast<float>((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 32768) >> 16));
  expect_error(ErrorCode::kInvalidArgument, {"jitter", "4 channels"},
               [&] { open(",split=train,channels=4,jitter=.1/.1/.1/.1"); });
}

}  // namespace
}  // namespace gradus
