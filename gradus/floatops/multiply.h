// The product of two matrices, the heart of Conv, Gemm and MatMul.
#pragma once

#include <cstdint>

namespace gradus::floatops {

// A matrix in memory: element [row, column] is data[row * row_step + column * column_step].
struct MatrixView {
  const float* data;
  std::int64_t row_step;
  std::int64_t column_step;
};

// c[m, n] = float(start[m] + sum over k of a[m, k] * b[k, n]): the sum in double, k ascending, so
// the result does not depend on the machine. c is row-major with rows `c_step` apart.
//   start   [rows], or null for 0; added last
void multiply(MatrixView a, MatrixView b, std::int64_t rows, std::int64_t depth,
              std::int64_t columns, const float* start, float* c, std::int64_t c_step);

}  // namespace gradus::floatops
