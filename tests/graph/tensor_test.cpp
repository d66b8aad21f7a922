#include "gradus/graph/tensor.h"

#include <gtest/gtest.h>

namespace gradus {
namespace {

TEST(Tensor, HoldsWhatItWasMadeFrom) {
  const std::vector<std::int32_t> values{1, -2, 3, 4, 5, 6};
  const Tensor tensor = Tensor::from<std::int32_t>({2, 3}, values);
  EXPECT_EQ(tensor.dtype(), DType::kInt32);
  EXPECT_EQ(tensor.size(), 6);
  EXPECT_EQ(tensor.bytes().size(), 24u);
  const auto read = tensor.as<std::int32_t>();
  EXPECT_EQ(std::vector<std::int32_t>(read.begin(), read.end()), values);
}

TEST(Tensor, StartsWithZeros) {
  const Tensor tensor(DType::kFloat64, {3});
  for (double value : tensor.as<double>()) EXPECT_EQ(value, 0.0);
}

TEST(Tensor, IsOneElementAtRankZeroAndNoneWithAZeroDimension) {
  EXPECT_EQ(Tensor(DType::kInt8, {}).size(), 1);
  EXPECT_EQ(Tensor(DType::kInt8, {4, 0}).size(), 0);
}

TEST(Tensor, RefusesAWrongTypeCountOrUnknownShape) {
  Tensor tensor(DType::kFloat32, {4});
  EXPECT_THROW(static_cast<void>(tensor.as<double>()), LogicError);
  EXPECT_THROW(tensor.reshape({3}), LogicError);
  EXPECT_THROW(Tensor(DType::kFloat32, {-1}), LogicError);
  EXPECT_THROW(Tensor::from<float>({3}, std::vector<float>{1.0f}), LogicError);
  tensor.reshape({2, 2});
  EXPECT_EQ(tensor.shape(), (Shape{2, 2}));
}

TEST(DType, HasASizeAndANameForEach) {
  struct Expected {
    DType dtype;
    std::size_t bytes;
    const char* name;
  };
  const Expected all[] = {
      {DType::kFloat32, 4, "float32"}, {DType::kFloat64, 8, "float64"}, {DType::kFloat16, 2, "float16"},
      {DType::kBFloat16, 2, "bfloat16"}, {DType::kInt8, 1, "int8"}, {DType::kInt16, 2, "int16"},
      {DType::kInt32, 4, "int32"}, {DType::kInt64, 8, "int64"}, {DType::kUint8, 1, "uint8"},
      {DType::kUint16, 2, "uint16"}, {DType::kUint32, 4, "uint32"}, {DType::kUint64, 8, "uint64"},
      {DType::kBool, 1, "bool"}, {DType::kInt4, 1, "int4"}, {DType::kUint4, 1, "uint4"},
      {DType::kInt2, 1, "int2"}, {DType::kUint2, 1, "uint2"}};
  for (const Expected& expected : all) {
    EXPECT_EQ(dtype_bytes(expected.dtype), expected.bytes) << expected.name;
    EXPECT_STREQ(dtype_name(expected.dtype), expected.name);
  }
}

}  // namespace
}  // namespace gradus
