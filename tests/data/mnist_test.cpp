// The mnist source, on files made here and on the real ones.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "gradus/data/source.h"
#include "tests/data/archive_files.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

class MnistSource : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) {
    write_test_file(folder_.file(name), bytes);
  }
  // Three pictures of 2 x 1 pixels.
  void write_test_split() {
    write("t10k-images-idx3-ubyte", idx({3, 1, 2}, "abcdef"));
    write("t10k-labels-idx1-ubyte", idx({3}, std::string("\x07\x02\x01", 3)));
  }
  std::unique_ptr<Dataset> open(const std::string& options = "") {
    return open_dataset(parse_data_spec("mnist:" + folder_.path() + options));
  }

  TemporaryFolder folder_;
};

std::vector<float> load(const Dataset& dataset, std::int64_t index, std::int64_t* label) {
  std::vector<float> image(static_cast<std::size_t>(dataset.shape().elements()));
  dataset.load(index, image, *label);
  return image;
}

TEST_F(MnistSource, ReadsPicturesAndLabels) {
  write_test_split();
  const auto dataset = open(",scale=255");
  EXPECT_EQ(dataset->size(), 3);
  EXPECT_EQ(dataset->classes(), 10);
  EXPECT_EQ(dataset->shape(), (ImageShape{1, 1, 2}));
  std::int64_t label = 0;
  EXPECT_EQ(load(*dataset, 1, &label), (std::vector<float>{'c', 'd'}));
  EXPECT_EQ(label, 2);
}

TEST_F(MnistSource, FindsEveryUsualName) {
  const std::string images = idx({1, 1, 1}, "x");
  const std::string labels = idx({1}, std::string("\x03", 1));
  for (const std::string folder : {"", "raw/", "MNIST/raw/"}) {
    for (const std::string mark : {"-", "."}) {
      for (const bool packed : {false, true}) {
        const TemporaryFolder root;
        const auto put = [&](const std::string& name, const std::string& bytes) {
          write_test_file(root.file(folder + name + (packed ? ".gz" : "")),
                          packed ? gzip(bytes) : bytes);
        };
        put("train-images" + mark + "idx3-ubyte", images);
        put("train-labels" + mark + "idx1-ubyte", labels);
        const auto dataset = open_dataset(parse_data_spec("mnist:" + root.path() + ",split=train"));
        EXPECT_EQ(dataset->label(0), 3) << folder << mark << packed;
        EXPECT_EQ(dataset->info().augmentation, Augmentation{});
      }
    }
  }
}

TEST_F(MnistSource, MakesThreeChannelsOnRequest) {
  write_test_split();
  std::int64_t label = 0;
  EXPECT_EQ(load(*open(",scale=255,channels=3"), 0, &label),
            (std::vector<float>{'a', 'b', 'a', 'b', 'a', 'b'}));
}

TEST_F(MnistSource, SaysWhatIsMissing) {
  expect_error(ErrorCode::kNotFound, {folder_.path(), "holds no t10k-images-idx3-ubyte", "MNIST's"},
               [&] { open(); });
  write_test_split();
  std::filesystem::remove(folder_.file("t10k-labels-idx1-ubyte"));
  expect_error(ErrorCode::kNotFound, {"holds no t10k-labels-idx1-ubyte"}, [&] { open(); });
  expect_error(ErrorCode::kNotFound, {"/nowhere", "no folder"},
               [] { open_dataset(parse_data_spec("mnist:/nowhere")); });
}

TEST_F(MnistSource, RefusesWhatDisagrees) {
  write_test_split();
  write("t10k-labels-idx1-ubyte", idx({2}, "\x01\x02"));
  expect_error(ErrorCode::kInvalidFile, {"2 labels for 3 pictures"}, [&] { open(); });
  write("t10k-labels-idx1-ubyte", idx({3}, "\x01\x0a\x02"));
  expect_error(ErrorCode::kInvalidFile, {"label 1 is 10", "classes=10"}, [&] { open(); });
  EXPECT_EQ(open(",classes=11")->classes(), 11);
  write("t10k-labels-idx1-ubyte", idx({3, 1, 1}, "\x01\x02\x02"));
  expect_error(ErrorCode::kInvalidFile, {"3 dimensions", "labels"}, [&] { open(); });
  write("t10k-images-idx3-ubyte", idx({3, 1, 20000}, std::string(60000, 'x')));
  write("t10k-labels-idx1-ubyte", idx({3}, "\x01\x02\x02"));
  expect_error(ErrorCode::kInvalidFile, {"20000x1", "16384"}, [&] { open(); });
}

TEST_F(MnistSource, RefusesATruncatedGzip) {
  write_test_split();
  std::filesystem::remove(folder_.file("t10k-images-idx3-ubyte"));
  const std::string packed = gzip(idx({3, 1, 2}, "abcdef"));
  write("t10k-images-idx3-ubyte.gz", packed.substr(0, packed.size() - 5));
  expect_error(ErrorCode::kInvalidFile, {"t10k-images-idx3-ubyte.gz", "cut short"},
               [&] { open(); });
}

TEST(MnistOnRealData, HoldsWhatIsPublished) {
  const std::string folder = real_data_path("mnist");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  const auto test = open_dataset(parse_data_spec("mnist:" + folder + ",split=test"));
  const auto train = open_dataset(parse_data_spec("mnist:" + folder + ",split=train"));
  EXPECT_EQ(test->size(), 10000);
  EXPECT_EQ(train->size(), 60000);
  EXPECT_EQ(test->shape(), (ImageShape{1, 28, 28}));
  const std::vector<std::int64_t> first_test = {7, 2, 1, 0, 4, 1, 4, 9, 5, 9};
  const std::vector<std::int64_t> first_train = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
  for (std::int64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(test->label(i), first_test[static_cast<std::size_t>(i)]);
    EXPECT_EQ(train->label(i), first_train[static_cast<std::size_t>(i)]);
  }
  // 980 zeros, 1135 ones ... are in every description of the test set.
  const std::vector<int> published = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
  std::vector<int> counts(10);
  for (std::int64_t i = 0; i < test->size(); ++i)
    ++counts[static_cast<std::size_t>(test->label(i))];
  EXPECT_EQ(counts, published);
  // The mean and the deviation that everybody normalises with.
  double sum = 0.0;
  double squares = 0.0;
  std::vector<float> image(784);
  std::int64_t label = 0;
  for (std::int64_t i = 0; i < train->size(); ++i) {
    train->load(i, image, label);
    for (float value : image) {
      sum += value;
      squares += double{value} * value;
    }
  }
  const double count = 60000.0 * 784.0;
  EXPECT_NEAR(sum / count, 0.1307, 5e-5);
  EXPECT_NEAR(std::sqrt(squares / count - sum / count * sum / count), 0.3081, 5e-5);
}

}  // namespace
}  // namespace gradus
