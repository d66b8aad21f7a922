// The cifar10 source, on files made here and on the real ones.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "gradus/data/source.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

constexpr std::int64_t kRecordBytes = 3073;

// Files of the right size that take no room on disk: all labels and pixels are zero.
class Cifar10Source : public testing::Test {
 protected:
  void make_file(const std::string& name, std::uintmax_t size = 30730000) {
    std::filesystem::create_directories(std::filesystem::path(folder_.file(name)).parent_path());
    std::ofstream(folder_.file(name)).close();
    std::filesystem::resize_file(folder_.file(name), size);
  }
  void put(const std::string& name, std::int64_t at, const std::string& bytes) {
    std::fstream file(folder_.file(name), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.write(bytes.data(), std::ssize(bytes));
  }
  void make_train_files() {
    for (int i = 1; i <= 5; ++i) make_file("data_batch_" + std::to_string(i) + ".bin");
  }
  std::unique_ptr<Dataset> open(const std::string& options = "") {
    return open_dataset(parse_data_spec("cifar10:" + folder_.path() + options));
  }

  TemporaryFolder folder_;
};

TEST_F(Cifar10Source, ReadsLabelThenPlanes) {
  make_file("test_batch.bin");
  std::string record(kRecordBytes, '\0');
  record[0] = 7;
  record[1] = 10;                    // red of the first pixel
  record[1 + 1024 + 33] = 20;        // green of row 1, column 1
  record[1 + 2 * 1024 + 1023] = 30;  // blue of the last pixel
  put("test_batch.bin", 2 * kRecordBytes, record);
  const auto dataset = open(",scale=255");
  EXPECT_EQ(dataset->size(), 10000);
  EXPECT_EQ(dataset->classes(), 10);
  EXPECT_EQ(dataset->info().class_names.at(9), "truck");
  EXPECT_EQ(dataset->info().augmentation, Augmentation{});
  std::vector<float> image(3072);
  std::int64_t label = 0;
  dataset->load(2, image, label);
  EXPECT_EQ(label, 7);
  std::vector<float> expected(3072, 0.0f);
  expected[0] = 10.0f;
  expected[1024 + 33] = 20.0f;
  expected[3071] = 30.0f;
  EXPECT_EQ(image, expected);
}

TEST_F(Cifar10Source, FindsTheFolderOfTheArchive) {
  make_file("cifar-10-batches-bin/test_batch.bin");
  EXPECT_EQ(open()->size(), 10000);
}

TEST_F(Cifar10Source, SelectsAcrossFiles) {
  make_train_files();
  put("data_batch_1.bin", 9999 * kRecordBytes, "\x01");
  put("data_batch_2.bin", 0, "\x02");
  const auto dataset = open(",split=train,offset=9999,limit=2");
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->label(0), 1);
  EXPECT_EQ(dataset->label(1), 2);
  EXPECT_EQ(dataset->info().augmentation.crop, Augmentation::Crop::kPad);
}

TEST_F(Cifar10Source, RefusesOtherSizes) {
  make_train_files();
  make_file("data_batch_3.bin", 30729999);
  expect_error(ErrorCode::kInvalidFile, {"data_batch_3.bin", "30729999", "30730000"},
               [&] { open(",split=train,limit=1"); });
  make_file("test_batch.bin", 30730001);
  expect_error(ErrorCode::kInvalidFile, {"test_batch.bin", "30730001"}, [&] { open(); });
}

TEST_F(Cifar10Source, RefusesALabelOfNoClass) {
  make_file("test_batch.bin");
  put("test_batch.bin", 5 * kRecordBytes, "\x0a");
  expect_error(ErrorCode::kInvalidFile, {"test_batch.bin", "record 5", "label 10"},
               [&] { open(); });
}

TEST_F(Cifar10Source, NamesWhatIsMissing) {
  expect_error(ErrorCode::kNotFound, {folder_.path(), "holds no test_batch.bin", "binary version"},
               [&] { open(); });
  std::ofstream(folder_.file("test_batch")).put('x');
  expect_error(ErrorCode::kNotFound, {"holds the Python version"}, [&] { open(); });
  make_file("test_batch.bin");
  expect_error(ErrorCode::kNotFound, {"data_batch_1.bin", "cannot be opened"},
               [&] { open(",split=train"); });
  expect_error(ErrorCode::kNotFound, {"/nowhere", "is no folder"},
               [] { open_dataset(parse_data_spec("cifar10:/nowhere")); });
  expect_error(ErrorCode::kInvalidArgument, {"classes", "found 11", "10"},
               [&] { open(",classes=11"); });
}

TEST(Cifar10OnRealData, HoldsEveryClassEquallyOften) {
  const std::string folder = real_data_path("cifar10");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  for (const auto& [split, each] : {std::pair{"train", 5000}, {"test", 1000}}) {
    const auto dataset = open_dataset(parse_data_spec("cifar10:" + folder + ",split=" + split));
    std::vector<std::int64_t> counts(10);
    for (std::int64_t i = 0; i < dataset->size(); ++i) {
      ++counts[static_cast<std::size_t>(dataset->label(i))];
    }
    EXPECT_EQ(counts, std::vector<std::int64_t>(10, each));
  }
}

}  // namespace
}  // namespace gradus
