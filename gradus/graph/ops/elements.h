// Moving the elements of constant tensors, whatever their type.
#pragma once

#include <cstdint>
#include <vector>

#include "gradus/floatops/cells.h"
#include "gradus/graph/tensor.h"

namespace gradus::ops {

// Distance in elements between neighbours along each axis of a row-major tensor.
std::vector<std::int64_t> strides_of(const Shape& shape);

// out[i, j, ...] = in[offset + i * strides[0] + j * strides[1] + ...], counted in elements. Every
// such index must be inside `in`.
Tensor take(const Tensor& in, Shape out_shape, const std::vector<std::int64_t>& strides,
            std::int64_t offset);

// Writes `in` into `out` at out[offset + i * strides[0] + ...], for every index of `in`.
void put(const Tensor& in, Tensor& out, const std::vector<std::int64_t>& strides,
         std::int64_t offset);

// The strides that read `shape` as if it were broadcast to `out_shape` (numpy's rule).
std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& out_shape);

}  // namespace gradus::ops
