#include "gradus/floatops/multiply.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/random.h"

namespace gradus::floatops {
namespace {

// The definition.
std::vector<float> expected(const std::vector<float>& a, const std::vector<float>& b,
                            const std::vector<float>& start, std::size_t rows, std::size_t depth,
                            std::size_t columns) {
  std::vector<float> c;
  for (std::size_t m = 0; m < rows; ++m) {
    for (std::size_t n = 0; n < columns; ++n) {
      double sum = 0.0;
      for (std::size_t k = 0; k < depth; ++k) {
        sum += static_cast<double>(a[m * depth + k]) * static_cast<double>(b[k * columns + n]);
      }
      c.push_back(static_cast<float>((start.empty() ? 0.0 : static_cast<double>(start[m])) + sum));
    }
  }
  return c;
}

TEST(Multiply, IsItsDefinitionToTheBitAroundEveryTile) {
  testing_support::TestRandom random;
  for (std::size_t rows : {1u, 3u, 4u, 5u, 9u}) {
    for (std::size_t columns : {1u, 7u, 8u, 9u, 127u, 128u, 129u, 300u}) {
      for (std::size_t depth : {1u, 2u, 17u}) {
        const auto draw = [&](std::size_t count) { return random.floats(count, -1.0f, 1.0f); };
        const auto a = draw(rows * depth), b = draw(depth * columns), start = draw(rows);
        std::vector<float> c(rows * columns);
        const auto i = [](std::size_t size) { return static_cast<std::int64_t>(size); };
        multiply({a.data(), i(depth), 1}, {b.data(), i(columns), 1}, i(rows), i(depth), i(columns),
                 start.data(), c.data(), i(columns));
        EXPECT_EQ(c, expected(a, b, start, rows, depth, columns)) << rows << " x " << columns;
      }
    }
  }
}

TEST(Multiply, ReadsTransposedMatricesAndStartsFromNothing) {
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};  // [3, 2] read as [2, 3]
  const std::vector<float> b = {1, 10, 100};
  std::vector<float> c(2);
  multiply({a.data(), 1, 2}, {b.data(), 1, 1}, 2, 3, 1, nullptr, c.data(), 1);
  EXPECT_EQ(c, (std::vector<float>{531, 642}));
}

}  // namespace
}  // namespace gradus::floatops
