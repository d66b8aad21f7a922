#include "gradus/floatops/attributes.h"

#include <gtest/gtest.h>

#include "gradus/base/check.h"

namespace gradus::floatops {
namespace {

TEST(Attributes, GiveBackWhatTheyHold) {
  const Attributes attributes({{"i", std::int64_t{3}},
                               {"r", 0.5f},
                               {"t", std::string("tanh")},
                               {"is", std::vector<std::int64_t>{1, 2}},
                               {"rs", std::vector<float>{0.25f}}});
  EXPECT_EQ(attributes.integer("i"), 3);
  EXPECT_EQ(attributes.real("r"), 0.5f);
  EXPECT_EQ(attributes.text("t"), "tanh");
  EXPECT_EQ(attributes.integers("is"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(attributes.reals("rs"), (std::vector<float>{0.25f}));
  EXPECT_TRUE(attributes.contains("i"));
  EXPECT_FALSE(attributes.contains("j"));
}

TEST(Attributes, ThatAreMissingOrOfAnotherTypeAreABug) {
  const Attributes attributes({{"i", std::int64_t{3}}});
  EXPECT_THROW(attributes.integer("j"), LogicError);
  EXPECT_THROW(attributes.real("i"), LogicError);
}

}  // namespace
}  // namespace gradus::floatops
