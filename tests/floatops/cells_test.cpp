#include "gradus/floatops/cells.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace gradus::floatops {
namespace {

template <typename T>
std::vector<T> taken(const std::vector<T>& in, const Shape& shape, const Strides& strides,
                     std::int64_t offset) {
  std::vector<T> out(static_cast<std::size_t>(element_count(shape).value()));
  take(reinterpret_cast<const std::byte*>(in.data()), reinterpret_cast<std::byte*>(out.data()),
       shape, strides, offset, sizeof(T));
  return out;
}

TEST(Cells, AreTakenAlongAnyStridesAtEveryWidth) {
  const auto transposed = [](auto zero) {
    using T = decltype(zero);
    return taken<T>({0, 1, 2, 3, 4, 5}, {3, 2}, {1, 3}, 0) == std::vector<T>{0, 3, 1, 4, 2, 5};
  };
  EXPECT_TRUE(transposed(std::uint8_t{}));
  EXPECT_TRUE(transposed(std::uint16_t{}));
  EXPECT_TRUE(transposed(std::uint32_t{}));
  EXPECT_TRUE(transposed(std::uint64_t{}));
  EXPECT_EQ(taken<std::uint8_t>({0, 1, 2, 3, 4, 5}, {2, 2}, {0, -1}, 5),
            (std::vector<std::uint8_t>{5, 4, 5, 4}));
  EXPECT_EQ(taken<float>({7.0f}, {}, {}, 0), (std::vector<float>{7.0f}));
  EXPECT_EQ(taken<float>({7.0f}, {2, 0}, {1, 1}, 0), (std::vector<float>{}));
}

TEST(Cells, ArePutBackWhereTheyWereTaken) {
  const std::vector<float> in = {1, 2, 3, 4};
  std::vector<float> out(9, 0.0f);
  put(reinterpret_cast<const std::byte*>(in.data()), reinterpret_cast<std::byte*>(out.data()),
      {2, 2}, {3, 1}, 4, sizeof(float));
  EXPECT_EQ(out, (std::vector<float>{0, 0, 0, 0, 1, 2, 0, 3, 4}));
}

TEST(Cells, BroadcastAsNumpyDoes) {
  EXPECT_EQ(broadcast_strides({3, 1}, {2, 3, 4}), (Strides{0, 1, 0}));
  EXPECT_EQ(broadcast_strides({}, {2}), (Strides{0}));
  EXPECT_EQ(strides_of({2, 3, 4}), (Strides{12, 4, 1}));
  EXPECT_EQ(product({2, 3, 4}, 1, 3), 12);
}

}  // namespace
}  // namespace gradus::floatops
