#include "gradus/graph/ops/elements.h"

#include <gtest/gtest.h>

#include "tests/graph/small_graphs.h"

namespace gradus::ops {
namespace {

std::vector<float> values(const Tensor& tensor) {
  const auto span = tensor.as<float>();
  return {span.begin(), span.end()};
}

TEST(Strides, AreThoseOfARowMajorTensor) {
  EXPECT_EQ(strides_of({2, 3, 4}), (std::vector<std::int64_t>{12, 4, 1}));
  EXPECT_TRUE(strides_of({}).empty());
}

TEST(Take, TransposesCutsAndRepeats) {
  const Tensor in = testing_support::floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values(take(in, {3, 2}, {1, 3}, 0)), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values(take(in, {2, 2}, {3, -2}, 2)), (std::vector<float>{3, 1, 6, 4}));
  EXPECT_EQ(values(take(in, {2, 2}, {0, 1}, 3)), (std::vector<float>{4, 5, 4, 5}));
  EXPECT_EQ(take(in, {0, 2}, {1, 1}, 0).size(), 0);
}

TEST(Put, IsTheReverseOfTake) {
  const Tensor in = testing_support::floats({2, 2}, {1, 2, 3, 4});
  Tensor out(DType::kFloat32, {3, 3});
  put(in, out, {3, 1}, 4);
  EXPECT_EQ(values(out), (std::vector<float>{0, 0, 0, 0, 1, 2, 0, 3, 4}));
}

TEST(BroadcastStrides, RepeatDimensionsOfOne) {
  EXPECT_EQ(broadcast_strides({3, 1}, {2, 3, 4}), (std::vector<std::int64_t>{0, 1, 0}));
}

}  // namespace
}  // namespace gradus::ops
