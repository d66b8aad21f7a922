// Loops over two tensors with numpy's broadcasting, for any element type.
#pragma once

#include "gradus/floatops/cells.h"

namespace gradus::floatops {

// out[i] = function(a[i], b[i]) over `out_shape`, to which both shapes broadcast.
template <typename A, typename B, typename Out, typename Function>
void combine(const A* a, const Shape& a_shape, const B* b, const Shape& b_shape, Out* out,
             const Shape& out_shape, const Function& function) {
  const std::size_t rank = out_shape.size();
  const std::int64_t count = product(out_shape, 0, rank);
  if (count == 0) return;
  const Strides a_strides = broadcast_strides(a_shape, out_shape);
  const Strides b_strides = broadcast_strides(b_shape, out_shape);
  const std::int64_t length = rank == 0 ? 1 : out_shape[rank - 1];
  const std::int64_t a_step = rank == 0 ? 0 : a_strides[rank - 1];
  const std::int64_t b_step = rank == 0 ? 0 : b_strides[rank - 1];
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t a_at = 0, b_at = 0;
  for (std::int64_t start = 0; start < count; start += length) {
    for (std::int64_t i = 0; i < length; ++i) {
      out[start + i] = function(a[a_at + i * a_step], b[b_at + i * b_step]);
    }
    for (std::size_t axis = rank == 0 ? 0 : rank - 1; axis-- > 0;) {
      a_at += a_strides[axis];
      b_at += b_strides[axis];
      if (++index[axis] < out_shape[axis]) break;
      a_at -= a_strides[axis] * out_shape[axis];
      b_at -= b_strides[axis] * out_shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace gradus::floatops
