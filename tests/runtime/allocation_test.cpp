// Counts every call of operator new in this program while the engine runs.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"
#include "tests/support/random_model.h"

namespace {

std::atomic<std::int64_t> allocations{0};

// Neither is inlined: GCC 12 would inline one of new and delete into a test and not the other, and
// warn that they do not match.
[[gnu::noinline]] void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

[[gnu::noinline]] void release(void* memory) { std::free(memory); }

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace gradus {
namespace {

TEST(Engine, AllocatesNothingWhileItRuns) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const QModel model = testing_support::random_model(seed, {.nodes = 10});
    for (int threads : {1, 2}) {
      Engine engine(model, {.threads = threads, .max_batch = 4, .parallel_macs = 0});
      const auto images = testing_support::random_images(model, 7, seed);
      std::size_t size = 0;
      for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
      std::vector<float> outputs(7 * size);
      const std::int64_t before = allocations;
      EXPECT_GT(before, 0);
      engine.run(images, 7, outputs);
      EXPECT_EQ(allocations, before) << "seed " << seed << ", threads " << threads;
    }
  }
}

}  // namespace
}  // namespace gradus
