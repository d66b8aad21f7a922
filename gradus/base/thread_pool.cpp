#include "gradus/base/thread_pool.h"

#include <string>
#include <system_error>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {

ThreadPool::ThreadPool(int threads) {
  check(threads >= 1, "a thread pool has at least the calling thread");
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error&) {
    const std::size_t started = workers_.size() + 1;
    stop();  // a thread that is destroyed before it is joined ends the program
    throw Error(ErrorCode::kFailed, "the system gives " + std::to_string(started) + " threads of " +
                                        std::to_string(threads) + "; ask for fewer");
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::run_share(int thread) {
  const std::int64_t count = threads();
  const std::int64_t begin = items_ * thread / count;
  const std::int64_t end = items_ * (thread + 1) / count;
  if (begin == end) return;
  try {
    call_(context_, thread, begin, end);
  } catch (...) {
    std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

void ThreadPool::run(std::int64_t items, Call call, void* context) {
  if (items <= 0) return;
  call_ = call;
  context_ = context;
  items_ = items;
  if (workers_.empty()) {
    run_share(0);
  } else {
    {
      std::lock_guard lock(mutex_);
      ++round_;
      running_ = static_cast<int>(workers_.size());
    }
    start_.notify_all();
    run_share(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
  }
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void ThreadPool::work(int thread) {
  std::uint64_t seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    run_share(thread);
    {
      std::lock_guard lock(mutex_);
      --running_;
    }
    done_.notify_one();
  }
}

}  // namespace gradus
