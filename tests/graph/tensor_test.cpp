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
  const std::pair<DType, std::size_t> sizes[] = {
      {DType::kFloat32, 4}, {DType::kFloat64, 8}, {DType::kFloat16, 2}, {DType::kBFloat16, 2},
      {DType::kInt8, 1},    {DType::kInt16, 2},   {DType::kInt32, 4},   {DType::kInt64, 8},
      {DType::kUint8, 1},   {DType::kUint16, 2},  {DType::kUint32, 4},  {DType::kUint64, 8},
      {DType::kBool, 1}};
  for (const auto& [dtype, bytes] : sizes)
    EXPECT_EQ(dtype_bytes(dtype), bytes) << dtype_name(dtype);
  EXPECT_STREQ(dtype_name(DType::kBFloat16), "bfloat16");
  EXPECT_STREQ(dtype_name(DType::kBool), "bool");
}

}  // namespace
}  // namespace gradus
