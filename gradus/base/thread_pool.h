// A fixed set of threads that run one parallel loop at a time. Results never depend on the number
// of threads: a loop's items are independent, or the caller gives each thread its own place.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace gradus {

class ThreadPool {
 public:
  // `threads` >= 1 counts the calling thread. Throws Error (kFailed) if the system gives no more.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const noexcept { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(thread, begin, end) once per thread with a contiguous share of [0, items); returns
  // when all are done. Allocates nothing. Rethrows the first exception. Not reentrant.
  template <typename Body>
  void parallel_for(std::int64_t items, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run(
        items,
        [](void* context, int thread, std::int64_t begin, std::int64_t end) {
          (*static_cast<Plain*>(context))(thread, begin, end);
        },
        const_cast<std::remove_const_t<Plain>*>(&body));
  }

 private:
  using Call = void (*)(void* context, int thread, std::int64_t begin, std::int64_t end);
  void run(std::int64_t items, Call call, void* context);
  void work(int thread);
  void run_share(int thread);
  void stop();

  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  std::vector<std::thread> workers_;
  Call call_ = nullptr;
  void* context_ = nullptr;
  std::int64_t items_ = 0;
  std::uint64_t round_ = 0;
  int running_ = 0;
  bool stop_ = false;
  std::exception_ptr error_;
};

}  // namespace gradus
