#include "gradus/data/loader.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// Small enough that two threads share a batch of large pictures, large enough that taking the lock
// costs nothing beside loading 32x32 ones.
constexpr std::int64_t kPartSamples = 16;

// Keeps the order's stream apart from those of the samples' augmentation.
constexpr std::uint64_t kOrderStream = 0x6f72646572ULL;

void check_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  throw Error(ErrorCode::kInvalidArgument, std::string("loader: ") + name + ": found " +
                                               std::to_string(value) + "; expected " +
                                               std::to_string(low) + " to " + std::to_string(high));
}

LoaderOptions checked(const LoaderOptions& options) {
  check_range("batch_size", options.batch_size, 1, 65536);
  check_range("epoch", options.epoch, 0, std::int64_t{1} << 31);
  check_range("threads", options.threads, 1, 256);
  check_range("prefetch", options.prefetch, 2, 64);
  return options;
}

std::int64_t count_batches(std::int64_t size, const LoaderOptions& options) {
  return (options.drop_last ? size : size + options.batch_size - 1) / options.batch_size;
}

}  // namespace

std::vector<std::int64_t> epoch_order(std::int64_t size, bool shuffle, std::uint64_t seed,
                                      std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (shuffle) {
    Rng rng(seed ^ kOrderStream, static_cast<std::uint64_t>(epoch));
    rng.shuffle(std::span(order));
  }
  return order;
}

Loader::Loader(const Dataset& dataset, const LoaderOptions& options)
    : dataset_(dataset),
      options_(checked(options)),
      order_(epoch_order(dataset.size(), options.shuffle, options.seed, options.epoch)),
      batches_(count_batches(dataset.size(), options)),
      slots_(static_cast<std::size_t>(options.prefetch)),
      claimed_batch_(options.start_batch),
      given_(options.start_batch) {
  check_range("start_batch", options.start_batch, 0, batches_);
  try {
    for (int i = 0; i < options.threads; ++i) workers_.emplace_back([this] { work(); });
  } catch (...) {
    stop();
    throw;
  }
}

Loader::~Loader() { stop(); }

void Loader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

std::int64_t Loader::samples_in(std::int64_t batch) const {
  return std::min(options_.batch_size, dataset_.size() - batch * options_.batch_size);
}

// Called with the lock held.
void Loader::open_slot(Slot& slot, std::int64_t batch) {
  if (!spare_.empty()) {
    slot.batch = std::move(spare_.back());
    spare_.pop_back();
  }
  const std::int64_t samples = samples_in(batch);
  slot.batch.n = samples;
  slot.batch.index = batch;
  slot.batch.partners.clear();
  slot.batch.share = 1.0f;
  slot.batch.images.resize(static_cast<std::size_t>(samples * dataset_.shape().elements()));
  slot.batch.labels.resize(static_cast<std::size_t>(samples));
  slot.parts_left = (samples + kPartSamples - 1) / kPartSamples;
  slot.error = nullptr;
}

// Empty when there is nothing left to do.
std::optional<Loader::Part> Loader::claim_part() {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] {
    return stop_ || claimed_batch_ == batches_ || claimed_batch_ < given_ + options_.prefetch;
  });
  if (stop_ || claimed_batch_ == batches_) return std::nullopt;
  Slot& slot = slots_[static_cast<std::size_t>(claimed_batch_ % options_.prefetch)];
  if (claimed_sample_ == 0) open_slot(slot, claimed_batch_);
  const std::int64_t end = std::min(claimed_sample_ + kPartSamples, slot.batch.n);
  const Part part{&slot, claimed_sample_ / kPartSamples, claimed_sample_, end};
  claimed_sample_ = end;
  if (end == slot.batch.n) {
    claimed_sample_ = 0;
    ++claimed_batch_;
  }
  return part;
}

void Loader::load_part(const Part& part) const {
  Batch& batch = part.slot->batch;
  const auto elements = static_cast<std::size_t>(dataset_.shape().elements());
  for (std::int64_t i = part.begin; i < part.end; ++i) {
    const std::int64_t sample =
        order_[static_cast<std::size_t>(batch.index * options_.batch_size + i)];
    const auto position = static_cast<std::size_t>(i);
    Rng rng(options_.seed, static_cast<std::uint64_t>(options_.epoch * dataset_.size() + sample));
    dataset_.load(sample, std::span(batch.images).subspan(position * elements, elements),
                  batch.labels[position], options_.augment ? &rng : nullptr, options_.layout);
  }
}

void Loader::finish_part(const Part& part, std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  Slot& slot = *part.slot;
  // Of several failures of a batch the first in order is told, whichever came first.
  if (error && (!slot.error || part.number < slot.failed_part)) {
    slot.error = std::move(error);
    slot.failed_part = part.number;
  }
  if (--slot.parts_left == 0) ready_.notify_one();
}

void Loader::work() try {
  while (const std::optional<Part> part = claim_part()) {
    std::exception_ptr error;
    try {
      load_part(*part);
    } catch (...) {
      error = std::current_exception();
    }
    finish_part(*part, std::move(error));
  }
} catch (...) {  // no memory for a batch
  fail(std::current_exception());
}

void Loader::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  stop_ = true;
  room_.notify_all();
  ready_.notify_all();
}

std::optional<Batch> Loader::next() {
  std::unique_lock lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
  if (given_ == batches_) return std::nullopt;
  Slot& slot = slots_[static_cast<std::size_t>(given_ % options_.prefetch)];
  ready_.wait(lock, [&] { return failure_ || (claimed_batch_ > given_ && slot.parts_left == 0); });
  if (!failure_ && slot.error) {
    failure_ = slot.error;
    stop_ = true;
    room_.notify_all();
  }
  if (failure_) std::rethrow_exception(failure_);
  ++given_;
  room_.notify_all();
  return std::exchange(slot.batch, Batch{});
}

void Loader::recycle(Batch&& batch) {
  const std::lock_guard lock(mutex_);
  // One more than the slots: the one in the caller's hands comes back too.
  if (spare_.size() <= slots_.size()) spare_.push_back(std::move(batch));
}

}  // namespace gradus
