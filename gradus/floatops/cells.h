// Moving the elements of row-major tensors, whatever their type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradus/base/shape.h"

namespace gradus::floatops {

using Strides = std::vector<std::int64_t>;  // in elements, one an axis

// Distance between neighbours along each axis of a row-major tensor.
Strides strides_of(const Shape& shape);

// The strides that read `shape` as if it were broadcast to `out_shape` (numpy's rule).
Strides broadcast_strides(const Shape& shape, const Shape& out_shape);

// out[i, j, ...] = in[offset + i * strides[0] + j * strides[1] + ...] for every index of `shape`;
// elements are `width` bytes. Every such index must be inside `in`.
void take(const std::byte* in, std::byte* out, const Shape& shape, const Strides& strides,
          std::int64_t offset, std::size_t width);

// out[offset + i * strides[0] + ...] = in[i, j, ...] for every index of `shape`.
void put(const std::byte* in, std::byte* out, const Shape& shape, const Strides& strides,
         std::int64_t offset, std::size_t width);

// The product of the dimensions from `first` up to `last`, not included.
std::int64_t product(const Shape& shape, std::size_t first, std::size_t last);

}  // namespace gradus::floatops
