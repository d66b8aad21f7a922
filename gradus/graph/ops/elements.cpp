#include "gradus/graph/ops/elements.h"

#include <utility>

#include "gradus/base/check.h"

namespace gradus::ops {

std::vector<std::int64_t> strides_of(const Shape& shape) { return floatops::strides_of(shape); }

Tensor take(const Tensor& in, Shape out_shape, const std::vector<std::int64_t>& strides,
            std::int64_t offset) {
  if (in.is_filled()) return Tensor::filled(in.element(), std::move(out_shape));
  Tensor out(in.dtype(), std::move(out_shape));
  floatops::take(in.bytes().data(), out.bytes().data(), out.shape(), strides, offset,
                 dtype_bytes(in.dtype()));
  return out;
}

void put(const Tensor& in, Tensor& out, const std::vector<std::int64_t>& strides,
         std::int64_t offset) {
  floatops::put(in.bytes().data(), out.bytes().data(), in.shape(), strides, offset,
                dtype_bytes(in.dtype()));
}

std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& out_shape) {
  return floatops::broadcast_strides(shape, out_shape);
}

}  // namespace gradus::ops
