#include "gradus/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "gradus/base/check.h"

namespace gradus {
namespace {

TEST(ThreadPool, VisitsEveryItemOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (std::int64_t items : {0, 1, 2, 7, 8, 9, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(items));
      pool.parallel_for(items, [&](int, std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& count : visits) EXPECT_EQ(count, 1) << threads << " threads, " << items;
    }
  }
}

TEST(ThreadPool, GivesEachThreadItsOwnNumber) {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> calls(4);
  pool.parallel_for(100, [&](int thread, std::int64_t, std::int64_t) {
    ++calls.at(static_cast<std::size_t>(thread));
  });
  for (const auto& count : calls) EXPECT_EQ(count, 1);
}

TEST(ThreadPool, RethrowsAndCanBeUsedAgain) {
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 3; ++round) {
      EXPECT_THROW(pool.parallel_for(
                       10, [](int, std::int64_t, std::int64_t) { throw std::runtime_error("no"); }),
                   std::runtime_error);
      std::atomic<std::int64_t> sum = 0;
      pool.parallel_for(10, [&](int, std::int64_t begin, std::int64_t end) { sum += end - begin; });
      EXPECT_EQ(sum, 10);
    }
  }
}

TEST(ThreadPool, RunsManyShortLoopsOneAfterTheOther) {
  ThreadPool pool(2);
  std::int64_t total = 0;
  for (int round = 0; round < 5000; ++round) {
    std::int64_t parts[2] = {0, 0};
    pool.parallel_for(
        2, [&](int thread, std::int64_t begin, std::int64_t end) { parts[thread] = end - begin; });
    total += parts[0] + parts[1];
  }
  EXPECT_EQ(total, 10000);
}

TEST(ThreadPool, RefusesToHaveNoThread) { EXPECT_THROW(ThreadPool(0), LogicError); }

}  // namespace
}  // namespace gradus
