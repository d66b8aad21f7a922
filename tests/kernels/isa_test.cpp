// The instruction set that GRADUS_ISA forces is the one whose kernels run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/kernels/add/add.h"
#include "gradus/kernels/conv/conv.h"
#include "gradus/kernels/output_stage/output_stage.h"

namespace gradus::kernels {
namespace {

TEST(ActiveIsa, ChoosesTheKernels) {
  const char* forced = std::getenv("GRADUS_ISA");
  if (forced != nullptr && !isa_supported(isa_from_name(forced))) {
    EXPECT_THROW(active_isa(), Error);
    GTEST_SKIP() << "this CPU cannot run " << forced;
  }
  const Isa isa = active_isa();
  const std::string name = isa_name(isa);
  if (forced != nullptr) {
    EXPECT_EQ(name, forced);
  }
  const auto ends_with_name = [&](const char* kernel) {
    return std::string(kernel).ends_with("_" + name);
  };
  EXPECT_TRUE(ends_with_name(select_output_stage(isa).name));
  EXPECT_TRUE(ends_with_name(select_add(isa).name));
  const std::vector<std::int16_t> weights(16, 1);
  const ConvProblem problem{{.in_channels = 4, .out_channels = 4}, 255, weights, 1, 1};
  EXPECT_TRUE(ends_with_name(select_conv(problem, isa).name)) << select_conv(problem, isa).name;
}

}  // namespace
}  // namespace gradus::kernels
