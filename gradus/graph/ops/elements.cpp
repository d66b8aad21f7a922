#include "gradus/graph/ops/elements.h"

#include <cstring>
#include <utility>

namespace gradus::ops {
namespace {

// Calls visit(row-major position, strided position) for every index of `shape`.
template <typename Visit>
void walk(const Shape& shape, const std::vector<std::int64_t>& strides, std::int64_t offset,
          const Visit& visit) {
  const auto count = element_count(shape);
  check(count.has_value() && strides.size() == shape.size(), "walk over a shape that is not known");
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t position = offset;
  for (std::int64_t i = 0; i < *count; ++i) {
    visit(static_cast<std::size_t>(i), static_cast<std::size_t>(position));
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      position += strides[axis];
      if (++index[axis] < shape[axis]) break;
      position -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

Tensor take(const Tensor& in, Shape out_shape, const std::vector<std::int64_t>& strides,
            std::int64_t offset) {
  Tensor out(in.dtype(), std::move(out_shape));
  const std::size_t width = dtype_bytes(in.dtype());
  walk(out.shape(), strides, offset, [&](std::size_t to, std::size_t from) {
    std::memcpy(out.bytes().data() + to * width, in.bytes().data() + from * width, width);
  });
  return out;
}

void put(const Tensor& in, Tensor& out, const std::vector<std::int64_t>& strides,
         std::int64_t offset) {
  const std::size_t width = dtype_bytes(in.dtype());
  walk(in.shape(), strides, offset, [&](std::size_t from, std::size_t to) {
    std::memcpy(out.bytes().data() + to * width, in.bytes().data() + from * width, width);
  });
}

std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& out_shape) {
  const std::vector<std::int64_t> own = strides_of(shape);
  std::vector<std::int64_t> strides(out_shape.size(), 0);
  const std::size_t missing = out_shape.size() - shape.size();
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] != 1) strides[missing + axis] = own[axis];
  }
  return strides;
}

}  // namespace gradus::ops
