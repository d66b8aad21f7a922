#include "gradus/data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "gradus/data/source.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

std::unique_ptr<Dataset> shapes(int size) {
  return open_dataset(parse_data_spec("synthetic:shapes,split=train,augment=pad_crop_flip,limit=" +
                                      std::to_string(size)));
}

std::vector<Batch> all_batches(const Dataset& dataset, const LoaderOptions& options) {
  Loader loader(dataset, options);
  std::vector<Batch> batches;
  while (auto batch = loader.next()) {
    batches.push_back(*batch);
    loader.recycle(std::move(*batch));
  }
  EXPECT_FALSE(loader.next().has_value());
  return batches;
}

void expect_equal(const Batch& a, const Batch& b) {
  EXPECT_EQ(a.index, b.index);
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_TRUE(a.images == b.images);
}

// Fails from sample 50 on; remembers the first sample that it was asked for.
class BrokenDataset : public Dataset {
 public:
  BrokenDataset()
      : Dataset(DatasetInfo{.name = "broken", .size = 100, .classes = 100, .shape = {1, 1, 1}}) {}
  std::int64_t label(std::int64_t index) const override { return index; }
  std::int64_t lowest() const {
    const std::lock_guard lock(mutex_);
    return lowest_;
  }

 private:
  void load_image(std::int64_t index, std::span<float> image, Rng*, Layout) const override {
    const std::lock_guard lock(mutex_);
    lowest_ = std::min(lowest_, index);
    if (index >= 50) throw Error(ErrorCode::kInvalidFile, "sample " + std::to_string(index));
    image[0] = static_cast<float>(index);
  }
  std::uint64_t fingerprint(std::int64_t) const override { return 0; }

  mutable std::mutex mutex_;
  mutable std::int64_t lowest_ = 100;
};

TEST(Loader, GivesTheSameBatchesWithAnyNumberOfThreads) {
  const auto dataset = shapes(150);
  LoaderOptions options{.batch_size = 64, .shuffle = true, .seed = 3, .epoch = 2, .threads = 1};
  const auto expected = all_batches(*dataset, options);
  ASSERT_EQ(expected.size(), 3u);
  for (const int threads : {2, 4, 7}) {
    for (const int prefetch : {2, 5}) {
      options.threads = threads;
      options.prefetch = prefetch;
      const auto found = all_batches(*dataset, options);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) expect_equal(found[i], expected[i]);
    }
  }
}

TEST(Loader, ContinuesInsideAnEpochWithTheSameBatches) {
  const auto dataset = shapes(100);
  LoaderOptions options{.batch_size = 7, .shuffle = true, .seed = 1, .threads = 2};
  const auto expected = all_batches(*dataset, options);
  ASSERT_EQ(expected.size(), 15u);
  for (const std::int64_t start : {1, 9, 14, 15}) {
    options.start_batch = start;
    const auto found = all_batches(*dataset, options);
    ASSERT_EQ(std::ssize(found), 15 - start);
    for (std::size_t i = 0; i < found.size(); ++i) {
      expect_equal(found[i], expected[i + static_cast<std::size_t>(start)]);
    }
  }
}

TEST(Loader, LoadsNothingBeforeTheBatchItContinuesAt) {
  const BrokenDataset dataset;
  Loader loader(dataset, {.batch_size = 10, .start_batch = 3});
  EXPECT_EQ(loader.next()->labels.front(), 30);
  EXPECT_EQ(dataset.lowest(), 30);
}

TEST(Loader, VisitsEverySampleOnceInEveryOrder) {
  for (const bool shuffle : {false, true}) {
    auto order = epoch_order(1000, shuffle, 5, 7);
    EXPECT_EQ(std::is_sorted(order.begin(), order.end()), !shuffle);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, epoch_order(1000, false, 0, 0));
  }
}

TEST(Loader, GivesAnotherOrderAndAugmentationForAnotherEpochOrSeed) {
  EXPECT_EQ(epoch_order(100, true, 1, 0), epoch_order(100, true, 1, 0));
  EXPECT_NE(epoch_order(100, true, 1, 0), epoch_order(100, true, 1, 1));
  EXPECT_NE(epoch_order(100, true, 1, 0), epoch_order(100, true, 2, 0));
  const auto dataset = shapes(10);
  const LoaderOptions options{.batch_size = 10, .seed = 1};
  LoaderOptions other_epoch = options;
  other_epoch.epoch = 1;
  LoaderOptions other_seed = options;
  other_seed.seed = 2;
  LoaderOptions plain = options;
  plain.augment = false;
  const auto images = [&](const LoaderOptions& o) { return all_batches(*dataset, o)[0].images; };
  EXPECT_NE(images(options), images(other_epoch));
  EXPECT_NE(images(options), images(other_seed));
  EXPECT_NE(images(options), images(plain));
}

// A resumed or re-split run must see the same picture, so it hangs on nothing but these numbers.
TEST(Loader, DrawsASamplesAugmentationFromSeedEpochAndIndex) {
  const auto dataset = shapes(40);
  const auto batches =
      all_batches(*dataset, {.batch_size = 40, .shuffle = true, .seed = 6, .epoch = 3});
  const auto order = epoch_order(40, true, 6, 3);
  std::vector<float> image(static_cast<std::size_t>(dataset->shape().elements()));
  for (std::size_t i = 0; i < 40; ++i) {
    Rng rng(6, static_cast<std::uint64_t>(3 * 40 + order[i]));
    std::int64_t label = 0;
    dataset->load(order[i], image, label, &rng);
    EXPECT_EQ(label, batches[0].labels[i]);
    EXPECT_TRUE(
        std::equal(image.begin(), image.end(),
                   batches[0].images.begin() + static_cast<std::ptrdiff_t>(i * image.size())));
  }
}

TEST(Loader, GivesOrLeavesOutALastBatchThatIsNotFull) {
  const auto dataset = shapes(20);
  const auto all = all_batches(*dataset, {.batch_size = 8});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].n, 4);
  EXPECT_EQ(all[2].labels.size(), 4u);
  EXPECT_EQ(all[2].images.size(), 4u * 3072u);
  EXPECT_EQ(all_batches(*dataset, {.batch_size = 8, .drop_last = true}).size(), 2u);
  EXPECT_EQ(all_batches(*dataset, {.batch_size = 32, .drop_last = true}).size(), 0u);
}

TEST(Loader, FillsMemoryThatWasGivenBack) {
  const auto dataset = shapes(64);
  Loader loader(*dataset, {.batch_size = 4, .threads = 2, .prefetch = 2});
  std::set<const float*> places;
  while (auto batch = loader.next()) {
    places.insert(batch->images.data());
    loader.recycle(std::move(*batch));
  }
  EXPECT_LE(places.size(), 3u);
}

TEST(Loader, RethrowsTheFirstFailureInOrderAndGivesWhatCameBefore) {
  const BrokenDataset dataset;
  for (const int threads : {1, 4}) {
    Loader loader(dataset, {.batch_size = 40, .threads = threads, .prefetch = 4});
    EXPECT_EQ(loader.next()->labels.front(), 0);
    for (int again = 0; again < 2; ++again) {
      expect_error(ErrorCode::kInvalidFile, {"sample 50"}, [&] { loader.next(); });
    }
  }
}

TEST(Loader, CanBeLeftBeforeTheEnd) {
  const auto dataset = shapes(64);
  for (int taken = 0; taken < 3; ++taken) {
    Loader loader(*dataset, {.batch_size = 4, .threads = 3});
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(loader.next().has_value());
  }
}

TEST(Loader, RefusesOptionsOutOfRange) {
  const auto dataset = shapes(10);
  const std::vector<std::pair<std::string, LoaderOptions>> wrong = {
      {"batch_size", {.batch_size = 0}},    {"threads", {.threads = 0}},
      {"prefetch", {.prefetch = 1}},        {"epoch", {.epoch = -1}},
      {"start_batch", {.start_batch = 11}}, {"start_batch", {.start_batch = -1}}};
  for (const auto& [name, options] : wrong) {
    expect_error(ErrorCode::kInvalidArgument, {"loader: " + name, "expected"},
                 [&] { Loader loader(*dataset, options); });
  }
}

}  // namespace
}  // namespace gradus
