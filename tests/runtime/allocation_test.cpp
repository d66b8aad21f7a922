// Counts every call of operator new in this program while the engine runs.
#include <gtest/gtest.h>

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"
#include "tests/support/counted_new.h"
#include "tests/support/random_model.h"

namespace gradus {
namespace {

// Islands are left out: their operators take memory of their own.
TEST(Engine, AllocatesNothingWhileItRuns) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const QModel model = testing_support::random_model(seed, {.nodes = 10, .islands = false});
    for (int threads : {1, 2}) {
      Engine engine(model, {.threads = threads, .max_batch = 4, .parallel_macs = 0});
      const auto images = testing_support::random_images(model, 7, seed);
      std::size_t size = 0;
      for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
      std::vector<float> outputs(7 * size);
      const std::int64_t before = testing_support::allocations();
      EXPECT_GT(before, 0);
      engine.run(images, 7, outputs);
      EXPECT_EQ(testing_support::allocations(), before)
          << "seed " << seed << ", threads " << threads;
    }
  }
}

}  // namespace
}  // namespace gradus
