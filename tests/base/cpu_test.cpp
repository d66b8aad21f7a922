#include "gradus/base/cpu.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <set>
#include <string>

#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

// Sets GRADUS_ISA for one test and puts back what stood there.
class IsaVariable {
 public:
  explicit IsaVariable(const char* value) {
    if (const char* old = ::getenv("GRADUS_ISA"); old != nullptr) old_ = old;
    value == nullptr ? ::unsetenv("GRADUS_ISA") : ::setenv("GRADUS_ISA", value, 1);
  }
  IsaVariable(const IsaVariable&) = delete;
  IsaVariable& operator=(const IsaVariable&) = delete;
  ~IsaVariable() {
    old_.empty() ? ::unsetenv("GRADUS_ISA") : ::setenv("GRADUS_ISA", old_.c_str(), 1);
  }

 private:
  std::string old_;
};

TEST(Cpu, NamesEveryInstructionSetOnceAndReadsTheNamesBack) {
  std::set<std::string> names;
  for (Isa isa : all_isas()) {
    EXPECT_TRUE(names.insert(isa_name(isa)).second) << isa_name(isa);
    EXPECT_EQ(isa_from_name(isa_name(isa)), isa);
  }
  EXPECT_GE(names.size(), 3u);
}

TEST(Cpu, ListsThemWeakestFirst) {
  for (std::size_t i = 1; i < all_isas().size(); ++i) EXPECT_LT(all_isas()[i - 1], all_isas()[i]);
}

TEST(Cpu, CanAlwaysRunScalarCode) { EXPECT_TRUE(isa_supported(Isa::kScalar)); }

TEST(Cpu, RefusesAnUnknownNameAndListsTheKnownOnes) {
  expect_error(ErrorCode::kInvalidArgument, {"avx3", "scalar", "avx2", "avx512vnni"},
               [] { isa_from_name("avx3"); });
  const IsaVariable variable("avx3");
  expect_error(ErrorCode::kInvalidArgument, {"avx3"}, [] { active_isa(); });
}

TEST(Cpu, TakesTheBestThatTheMachineRuns) {
  for (const char* unset : {static_cast<const char*>(nullptr), ""}) {
    const IsaVariable variable(unset);
    const Isa active = active_isa();
    EXPECT_TRUE(isa_supported(active));
    for (Isa isa : all_isas()) EXPECT_TRUE(isa <= active || !isa_supported(isa)) << isa_name(isa);
  }
}

TEST(Cpu, TakesTheOneThatTheVariableNamesOrRefuses) {
  for (Isa isa : all_isas()) {
    const IsaVariable variable(isa_name(isa));
    if (isa_supported(isa)) {
      EXPECT_EQ(active_isa(), isa);
    } else {
      expect_error(ErrorCode::kInvalidArgument, {"GRADUS_ISA", isa_name(isa)},
                   [] { active_isa(); });
    }
  }
}

}  // namespace
}  // namespace gradus
