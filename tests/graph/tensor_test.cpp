#include "gradus/graph/tensor.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

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

TEST(Tensor, SharesItsBytesWithACopyUntilOneIsWrittenTo) {
  const std::vector<float> values{1, 2, 3};
  Tensor first = Tensor::from<float>({3}, values);
  Tensor second = first;
  const Tensor& seen = second;
  EXPECT_EQ(seen.bytes().data(), std::as_const(first).bytes().data());
  first.as<float>()[1] = 7.0f;
  EXPECT_EQ(first.as<float>()[1], 7.0f);
  EXPECT_EQ(seen.as<float>()[1], 2.0f);
  const std::byte* own = seen.bytes().data();
  second.as<float>()[0] = 9.0f;  // nobody else has them now
  EXPECT_EQ(seen.bytes().data(), own);
}

TEST(Tensor, FilledHoldsOneNumberUntilItIsRead) {
  const double half = 0.5;
  const Tensor element = Tensor::from<double>({1, 1}, {&half, 1});
  const Tensor filled = Tensor::filled(element, {2, 3});
  EXPECT_TRUE(filled.is_filled());
  EXPECT_EQ(filled.dtype(), DType::kFloat64);
  EXPECT_EQ(filled.size(), 6);
  EXPECT_EQ(filled.bytes_unmade(), 48u);
  EXPECT_EQ(filled.element().shape(), Shape{});
  EXPECT_EQ(filled.element().as<double>()[0], 0.5);
  const Tensor copy = filled;
  for (double value : filled.as<double>()) EXPECT_EQ(value, 0.5);
  EXPECT_EQ(filled.as<double>().size(), 6u);
  EXPECT_EQ(filled.bytes_unmade(), 0u);
  EXPECT_EQ(copy.bytes_unmade(), 0u);  // they share
  EXPECT_TRUE(filled.is_filled());
}

TEST(Tensor, FilledIsAnyTensorOnceItIsWrittenTo) {
  const float one = 1.0f;
  Tensor filled = Tensor::filled(Tensor::from<float>({}, {&one, 1}), {3});
  const Tensor kept = filled;
  Tensor alone = Tensor::filled(Tensor::from<float>({}, {&one, 1}), {3});
  for (Tensor* tensor : {&filled, &alone}) {
    tensor->as<float>()[2] = 5.0f;
    EXPECT_FALSE(tensor->is_filled());
    EXPECT_EQ(tensor->bytes_unmade(), 0u);
    const auto read = std::as_const(*tensor).as<float>();
    EXPECT_EQ(std::vector<float>(read.begin(), read.end()), (std::vector<float>{1, 1, 5}));
  }
  EXPECT_TRUE(kept.is_filled());
  EXPECT_EQ(kept.as<float>()[2], 1.0f);
}

TEST(Tensor, FilledWithOneElementOrNoneIsAnyTensor) {
  const float one = 1.0f;
  const Tensor element = Tensor::from<float>({}, {&one, 1});
  EXPECT_FALSE(Tensor::filled(element, {1, 1}).is_filled());
  EXPECT_EQ(Tensor::filled(element, {1, 1}).as<float>()[0], 1.0f);
  EXPECT_EQ(Tensor::filled(element, {0, 2}).as<float>().size(), 0u);
  EXPECT_THROW(Tensor::filled(Tensor(DType::kFloat32, {2}), {4}), LogicError);
  EXPECT_THROW(Tensor::filled(element, {-1}), LogicError);
  EXPECT_THROW(static_cast<void>(element.element()), LogicError);
}

TEST(Tensor, FilledMayBeReadByManyThreadsAtOnce) {
  const float one = 1.0f;
  const Tensor filled = Tensor::filled(Tensor::from<float>({}, {&one, 1}), {1 << 20});
  std::vector<std::thread> threads;
  std::vector<double> sums(8, 0.0);
  for (double& sum : sums) {
    threads.emplace_back([&filled, &sum] {
      for (float value : filled.as<float>()) sum += static_cast<double>(value);
    });
  }
  for (auto& thread : threads) thread.join();
  for (double sum : sums) EXPECT_EQ(sum, static_cast<double>(1 << 20));
}

TEST(DType, HasASizeAndANameForEach) {
  struct Expected {
    DType dtype;
    std::size_t bytes;
    const char* name;
  };
  const Expected all[] = {{DType::kFloat32, 4, "float32"}, {DType::kFloat64, 8, "float64"},
                          {DType::kFloat16, 2, "float16"}, {DType::kBFloat16, 2, "bfloat16"},
                          {DType::kInt8, 1, "int8"},       {DType::kInt16, 2, "int16"},
                          {DType::kInt32, 4, "int32"},     {DType::kInt64, 8, "int64"},
                          {DType::kUint8, 1, "uint8"},     {DType::kUint16, 2, "uint16"},
                          {DType::kUint32, 4, "uint32"},   {DType::kUint64, 8, "uint64"},
                          {DType::kBool, 1, "bool"},       {DType::kInt4, 1, "int4"},
                          {DType::kUint4, 1, "uint4"},     {DType::kInt2, 1, "int2"},
                          {DType::kUint2, 1, "uint2"}};
  for (const Expected& expected : all) {
    EXPECT_EQ(dtype_bytes(expected.dtype), expected.bytes) << expected.name;
    EXPECT_STREQ(dtype_name(expected.dtype), expected.name);
  }
}

}  // namespace
}  // namespace gradus
