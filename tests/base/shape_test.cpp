#include "gradus/base/shape.h"

#include <gtest/gtest.h>

namespace gradus {
namespace {

TEST(Shape, CountsItsElements) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({5, 0}), 0);
}

TEST(Shape, HasNoCountWhereADimensionIsUnknownOrTheProductTooLarge) {
  EXPECT_EQ(element_count({-1, 3}), std::nullopt);
  EXPECT_EQ(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), std::nullopt);
  EXPECT_EQ(element_count({std::int64_t{1} << 62}), std::int64_t{1} << 62);
  EXPECT_EQ(element_count({(std::int64_t{1} << 62) + 1}), std::nullopt);
}

TEST(Shape, IsWrittenWithAQuestionMarkForTheUnknown) {
  EXPECT_EQ(to_string(Shape{-1, 3, 32}), "[?, 3, 32]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

}  // namespace
}  // namespace gradus
