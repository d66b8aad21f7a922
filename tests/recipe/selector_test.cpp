#include "gradus/recipe/selector.h"

#include <gtest/gtest.h>

#include "gradus/base/error.h"

namespace gradus {
namespace {

TEST(Glob, MatchesStarsAndQuestionMarks) {
  EXPECT_TRUE(glob_matches("layer1.*", "layer1.0.conv"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*conv?", "a.conv1"));
  EXPECT_TRUE(glob_matches("a*b*c", "axxbyybc"));
  EXPECT_FALSE(glob_matches("a*b*c", "axxbyy"));
  EXPECT_FALSE(glob_matches("layer1.*", "layer2.0"));
  EXPECT_FALSE(glob_matches("?", ""));
}

TEST(Glob, TakesNoLongTimeOverManyStars) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(5000, 'a')));
}

TEST(Selector, TakesNoLongTimeOverNestedRepetition) {
  const std::string name(500, 'a');
  for (const char* pattern : {"re:^(a+)+b$", "re:(a|a)*b", "re:(.*)*(.*)*x$"}) {
    EXPECT_FALSE(Selector(pattern).matches(name, "Conv")) << pattern;
  }
  EXPECT_TRUE(Selector("re:^(a+)+$").matches(name, "Conv"));
}

TEST(Selector, TellsItsKindsApart) {
  EXPECT_TRUE(Selector("conv1").matches("conv1", "Conv"));
  EXPECT_FALSE(Selector("conv1").matches("conv11", "Conv"));
  EXPECT_TRUE(Selector("conv*").matches("conv11", "Conv"));
  EXPECT_TRUE(Selector("re:^conv[0-9]$").matches("conv1", "Conv"));
  EXPECT_FALSE(Selector("re:^conv[0-9]$").matches("conv11", "Conv"));
  EXPECT_TRUE(Selector("type:Conv").matches("anything", "Conv"));
  EXPECT_EQ(Selector("io:first").kind(), Selector::Kind::kFirst);
  EXPECT_EQ(Selector("io:last").kind(), Selector::Kind::kLast);
}

TEST(Selector, RefusesWhatIsNone) {
  for (const std::string& text : {std::string(), std::string("io:middle"), std::string("re:["),
                                  std::string("re:(a)\\1"), std::string(2000, 'a')}) {
    EXPECT_THROW(Selector{text}, Error) << text;
  }
}

}  // namespace
}  // namespace gradus
