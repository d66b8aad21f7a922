#include "gradus/kernels/peak.h"

#include <gtest/gtest.h>

namespace gradus::kernels {
namespace {

TEST(Peak, IsMeasuredForEveryInstructionSetOfThisMachine) {
  for (const PeakLoop& loop : peak_loops()) {
    if (!isa_supported(loop.isa)) continue;
    EXPECT_GT(measure_peak(loop, 2.0), 0.1) << loop.name;
  }
}

TEST(Peak, GrowsWithTheInstructionSet) {
  // The scalar loop does one product an instruction, AVX2 at least eight: no noise hides that.
  if (!isa_supported(Isa::kAvx2)) GTEST_SKIP() << "this CPU cannot run avx2";
  EXPECT_GT(peak_gmacs(Isa::kAvx2, 5.0), 2.0 * peak_gmacs(Isa::kScalar, 5.0));
}

}  // namespace
}  // namespace gradus::kernels
