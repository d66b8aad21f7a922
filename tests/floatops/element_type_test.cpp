#include "gradus/floatops/element_type.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gradus::floatops {
namespace {

constexpr std::int64_t kFloat = 1, kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7, kBool = 9,
                       kUint32 = 12;

float as(std::int64_t type, float x) { return converted(element_type(type).value(), x); }

TEST(ElementType, KeepsAFloat) { EXPECT_EQ(as(kFloat, -1.75f), -1.75f); }

TEST(ElementType, IsTrueUnlessZero) {
  EXPECT_EQ(as(kBool, 0.0f), 0.0f);
  EXPECT_EQ(as(kBool, -0.0f), 0.0f);
  EXPECT_EQ(as(kBool, -0.25f), 1.0f);
  EXPECT_EQ(as(kBool, std::nanf("")), 1.0f);
}

TEST(ElementType, CutsTheFractionTowardsZero) {
  for (std::int64_t type : {kInt8, kInt32, kInt64}) {
    EXPECT_EQ(as(type, 2.9f), 2.0f);
    EXPECT_EQ(as(type, -2.9f), -2.0f);
  }
}

// As ONNX's table of casts has it for integers.
TEST(ElementType, KeepsTheLowBits) {
  EXPECT_EQ(as(kInt8, 200.0f), -56.0f);
  EXPECT_EQ(as(kUint8, 257.0f), 1.0f);
  EXPECT_EQ(as(kUint8, -1.0f), 255.0f);
  EXPECT_EQ(as(kInt32, 0x1p31f), -0x1p31f);
  EXPECT_EQ(as(kInt32, 0x1p40f + 0x1p20f), 0x1p20f);
  EXPECT_EQ(as(kUint32, 0x1p31f), 0x1p31f);
  EXPECT_EQ(as(kInt64, 0x1p62f), 0x1p62f);
}

TEST(ElementType, IsZeroWhereOnnxLeavesItOpen) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (float x : {std::nanf(""), kInfinity, -kInfinity, 0x1p63f}) EXPECT_EQ(as(kInt32, x), 0.0f);
}

TEST(ElementType, OfOthersThereIsNone) {
  for (std::int64_t type : {0, 8, 10, 11, 13, 16, 22, -1}) EXPECT_FALSE(element_type(type)) << type;
}

}  // namespace
}  // namespace gradus::floatops
