#include "gradus/data/picture_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "gradus/data/loader.h"
#include "gradus/data/source.h"
#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

namespace fs = std::filesystem;

constexpr std::int64_t kCount = 150;

// Pictures of several sizes; counts how often one is made.
class Maker {
 public:
  MakePicture make() {
    return [this](std::int64_t index, Picture& scratch) {
      ++made_;
      scratch = expected(index);
      return scratch.view();
    };
  }
  static Picture expected(std::int64_t index) {
    const int i = static_cast<int>(index);
    return pattern_picture(1 + i % 7, 1 + i % 5, i % 2 == 0 ? 3 : 1);
  }
  int made() const { return made_; }

 private:
  std::atomic<int> made_ = 0;
};

void expect_all(const PictureCache& cache) {
  for (std::int64_t i = 0; i < kCount; ++i) {
    Picture scratch;
    const PictureView view = cache.load(i, scratch);
    const Picture expected = Maker::expected(i);
    ASSERT_EQ(view.width, expected.width);
    ASSERT_EQ(view.height, expected.height);
    ASSERT_EQ(view.channels, expected.channels);
    ASSERT_TRUE(std::equal(expected.bytes.begin(), expected.bytes.end(), view.data)) << i;
  }
}

std::string only_file(const TemporaryFolder& folder) {
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder.path())) found = entry.path().string();
  EXPECT_EQ(folder.entries(), 1u);
  return found;
}

TEST(PictureCache, KeepsInMemoryWhatWasMadeOnce) {
  Maker maker;
  const auto cache = make_picture_cache("memory", kCount, 1, maker.make());
  EXPECT_EQ(maker.made(), 0);
  expect_all(*cache);
  expect_all(*cache);
  EXPECT_EQ(maker.made(), kCount);
}

TEST(PictureCache, IsReadByManyThreadsAtOnce) {
  Maker maker;
  const auto cache = make_picture_cache("memory", kCount, 1, maker.make());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { expect_all(*cache); });
  for (std::thread& thread : threads) thread.join();
  const int before = maker.made();
  expect_all(*cache);
  EXPECT_EQ(maker.made(), before);
}

TEST(PictureCache, IsWrittenOnceAndMappedFromThenOn) {
  const TemporaryFolder folder;
  Maker maker;
  expect_all(*make_picture_cache(folder.path(), kCount, 7, maker.make()));
  EXPECT_EQ(maker.made(), kCount);
  expect_all(*make_picture_cache(folder.path(), kCount, 7, maker.make()));
  EXPECT_EQ(maker.made(), kCount);
  EXPECT_TRUE(only_file(folder).ends_with("0000000000000007.pictures"));
  // Another key is other pictures.
  make_picture_cache(folder.path(), kCount, 8, maker.make());
  EXPECT_EQ(maker.made(), 2 * kCount);
  EXPECT_EQ(folder.entries(), 2u);
}

TEST(PictureCache, LeavesNothingWhereMakingFails) {
  const TemporaryFolder folder;
  const auto make = [](std::int64_t index, Picture& scratch) {
    if (index == 100) throw Error(ErrorCode::kInvalidFile, "picture 100 is broken");
    scratch = Maker::expected(index);
    return scratch.view();
  };
  expect_error(ErrorCode::kInvalidFile, {"picture 100"},
               [&] { make_picture_cache(folder.path(), kCount, 1, make); });
  EXPECT_EQ(folder.entries(), 0u);
}

// Whatever happens to the file, no other picture comes out.
TEST(PictureCache, MakesADamagedFileAnewOrNamesIt) {
  const TemporaryFolder folder;
  Maker maker;
  make_picture_cache(folder.path(), kCount, 1, maker.make());
  const std::string file = only_file(folder);
  std::ifstream in(file, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  int named = 0;
  for (std::size_t at = 0; at < whole.size(); at += at < 40 ? 1 : 397) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    write_test_file(file, damaged);
    try {
      expect_all(*make_picture_cache(folder.path(), kCount, 1, maker.make()));
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("delete the file"), std::string::npos);
      ++named;
    }
  }
  EXPECT_GT(named, 3);
  for (std::size_t size = 0; size < whole.size(); size += 1501) {
    write_test_file(file, whole.substr(0, size));
    expect_all(*make_picture_cache(folder.path(), kCount, 1, maker.make()));
  }
}

TEST(PictureCache, RefusesAFileInPlaceOfAFolder) {
  const TemporaryFolder folder;
  write_test_file(folder.file("f"), "mine");
  Maker maker;
  expect_error(ErrorCode::kInvalidArgument, {folder.file("f"), "no folder"},
               [&] { make_picture_cache(folder.file("f"), kCount, 1, maker.make()); });
}

// A cache changes what a picture costs and nothing else.
TEST(PictureCache, GivesTrainingTheSameBits) {
  const TemporaryFolder folder;
  const TemporaryFolder cache;
  for (int i = 0; i < 12; ++i) {
    write_test_file(folder.file("c" + std::to_string(i % 3) + "/" + std::to_string(i) + ".jpg"),
                    encode_jpeg(pattern_picture(40 + i, 50 - 2 * i)));
  }
  for (const char* options :
       {",resize=20,crop=16", ",resize=20,crop=16,augment=random_resized_crop",
        ",resize=20,crop=16,jitter=.4/.4/.4/.1,randaugment=2/9,channels=1"}) {
    const auto images = [&](const std::string& kept) {
      const auto data = open_dataset(
          parse_data_spec("imagefolder:" + folder.path() + ",split=train" + options + kept));
      std::vector<float> all;
      for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
        Loader loader(*data, {.batch_size = 5, .shuffle = true, .seed = 3, .epoch = epoch});
        while (auto batch = loader.next()) {
          all.insert(all.end(), batch->images.begin(), batch->images.end());
        }
      }
      return all;
    };
    const std::vector<float> expected = images("");
    EXPECT_EQ(images(",cache=memory"), expected);
    EXPECT_EQ(images(",cache=" + cache.path()), expected);
    EXPECT_EQ(images(",cache=" + cache.path()), expected);
  }
  EXPECT_EQ(cache.entries(), 3u);
}

TEST(PictureCache, IsMadeAnewWhenAPictureChanges) {
  const TemporaryFolder folder;
  const TemporaryFolder cache;
  const auto first = [&] {
    const auto data = open_dataset(
        parse_data_spec("imagefolder:" + folder.path() + ",scale=255,cache=" + cache.path()));
    std::vector<float> image(12);
    std::int64_t label = 0;
    data->load(0, image, label);
    return image[0];
  };
  write_test_file(folder.file("a/1.png"), encode_png({2, 2, 1, {7, 7, 7, 7}}));
  EXPECT_EQ(first(), 7);
  write_test_file(folder.file("a/1.png"), encode_png({2, 2, 1, {9, 8, 7, 6}}));
  EXPECT_EQ(first(), 9);
}

}  // namespace
}  // namespace gradus
