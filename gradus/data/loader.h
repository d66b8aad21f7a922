// Batches of a data set, prepared by threads of their own while the network works on earlier ones.
// What a batch holds depends on the data set and the options, never on the number of threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "gradus/data/dataset.h"

namespace gradus {

struct Batch {
  std::vector<float> images{};  // [n, C, H, W] or [n, H, W, C]
  std::vector<std::int64_t> labels{};
  // Where images were mixed (mix.h): the labels of what each was mixed with, and how much of an
  // image is its own. Empty and 1 where they were not.
  std::vector<std::int64_t> partners{};
  float share = 1.0f;
  std::int64_t n = 0;
  std::int64_t index = 0;  // position in the epoch, from 0
};

struct LoaderOptions {
  std::int64_t batch_size = 1;   // 1..65536
  bool shuffle = false;          // another order for every (seed, epoch)
  std::uint64_t seed = 0;        // of the order and of the augmentation
  std::int64_t epoch = 0;        // >= 0
  int threads = 2;               // 1..256 workers; the caller's thread does not load
  int prefetch = 3;              // 2..64 batches are ready or in work at most
  bool drop_last = false;        // leave out a last batch that is not full
  std::int64_t start_batch = 0;  // continue inside the epoch: the first batch to give
  bool augment = true;           // apply the data set's augmentation
  Layout layout = Layout::kNchw;
};

// The order in which epoch `epoch` visits `size` samples.
std::vector<std::int64_t> epoch_order(std::int64_t size, bool shuffle, std::uint64_t seed,
                                      std::int64_t epoch);

// One pass over a data set. next() and recycle() belong to one thread.
class Loader {
 public:
  // `dataset` must outlive the loader. Throws Error (kInvalidArgument) if an option is out of
  // range.
  Loader(const Dataset& dataset, const LoaderOptions& options);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  // Number of batches in a whole epoch.
  std::int64_t batches() const noexcept { return batches_; }

  // The next batch, waiting for it if it is not ready; empty at the end. Rethrows what loading one
  // of its samples threw, then and on every later call.
  std::optional<Batch> next();

  // Gives a batch's memory back to be filled again; without it every batch is allocated anew.
  void recycle(Batch&& batch);

 private:
  // A batch in work is loaded in parts by whichever threads are free.
  struct Slot {
    Batch batch;
    std::int64_t parts_left = 0;
    std::int64_t failed_part = 0;
    std::exception_ptr error;
  };
  struct Part {
    Slot* slot = nullptr;
    std::int64_t number = 0;
    std::int64_t begin = 0;  // samples within the batch
    std::int64_t end = 0;
  };

  std::int64_t samples_in(std::int64_t batch) const;
  std::optional<Part> claim_part();
  void open_slot(Slot& slot, std::int64_t batch);
  void load_part(const Part& part) const;
  void finish_part(const Part& part, std::exception_ptr error);
  void work();
  void fail(std::exception_ptr error);
  void stop();

  const Dataset& dataset_;
  const LoaderOptions options_;
  const std::vector<std::int64_t> order_;
  const std::int64_t batches_;

  std::mutex mutex_;
  std::condition_variable room_;   // a slot became free, or stop_
  std::condition_variable ready_;  // a batch became complete
  std::vector<Slot> slots_;        // batch b lies in slot b % prefetch
  std::vector<Batch> spare_;
  std::int64_t claimed_batch_;  // the next part to be claimed
  std::int64_t claimed_sample_ = 0;
  std::int64_t given_;  // the next batch to be given
  std::exception_ptr failure_;
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace gradus
