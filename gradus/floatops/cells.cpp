#include "gradus/floatops/cells.h"

#include <cstring>

#include "gradus/base/check.h"

namespace gradus::floatops {
namespace {

// Calls row(row-major position, strided position) for every index of all axes but the last.
template <typename Row>
void walk_rows(const Shape& shape, const Strides& strides, std::int64_t offset, const Row& row) {
  const auto count = element_count(shape);
  check(count.has_value() && strides.size() == shape.size(), "walk over a shape that is not known");
  if (*count == 0) return;
  const std::int64_t length = shape.empty() ? 1 : shape.back();
  const std::size_t outer = shape.empty() ? 0 : shape.size() - 1;
  std::vector<std::int64_t> index(outer, 0);
  std::int64_t position = offset;
  for (std::int64_t i = 0; i < *count; i += length) {
    row(i, position);
    for (std::size_t axis = outer; axis-- > 0;) {
      position += strides[axis];
      if (++index[axis] < shape[axis]) break;
      position -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

// to[i * to_step] = from[i * from_step], elements of a fixed width.
template <std::size_t kWidth>
void copy_cells(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step,
                std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * to_step * static_cast<std::int64_t>(kWidth),
                from + i * from_step * static_cast<std::int64_t>(kWidth), kWidth);
  }
}

void copy_row(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step,
              std::int64_t count, std::size_t width) {
  if (from_step == 1 && to_step == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * width);
    return;
  }
  switch (width) {
    case 1:
      return copy_cells<1>(from, from_step, to, to_step, count);
    case 2:
      return copy_cells<2>(from, from_step, to, to_step, count);
    case 4:
      return copy_cells<4>(from, from_step, to, to_step, count);
    default:
      check(width == 8, "elements of 1, 2, 4 or 8 bytes");
      return copy_cells<8>(from, from_step, to, to_step, count);
  }
}

}  // namespace

Strides strides_of(const Shape& shape) {
  Strides strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

Strides broadcast_strides(const Shape& shape, const Shape& out_shape) {
  const Strides own = strides_of(shape);
  Strides strides(out_shape.size(), 0);
  const std::size_t missing = out_shape.size() - shape.size();
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] != 1) strides[missing + axis] = own[axis];
  }
  return strides;
}

void take(const std::byte* in, std::byte* out, const Shape& shape, const Strides& strides,
          std::int64_t offset, std::size_t width) {
  const std::int64_t count = shape.empty() ? 1 : shape.back();
  const std::int64_t step = strides.empty() ? 1 : strides.back();
  const auto bytes = static_cast<std::int64_t>(width);
  walk_rows(shape, strides, offset, [&](std::int64_t to, std::int64_t from) {
    copy_row(in + from * bytes, step, out + to * bytes, 1, count, width);
  });
}

void put(const std::byte* in, std::byte* out, const Shape& shape, const Strides& strides,
         std::int64_t offset, std::size_t width) {
  const std::int64_t count = shape.empty() ? 1 : shape.back();
  const std::int64_t step = strides.empty() ? 1 : strides.back();
  const auto bytes = static_cast<std::int64_t>(width);
  walk_rows(shape, strides, offset, [&](std::int64_t from, std::int64_t to) {
    copy_row(in + from * bytes, 1, out + to * bytes, step, count, width);
  });
}

std::int64_t product(const Shape& shape, std::size_t first, std::size_t last) {
  std::int64_t count = 1;
  for (std::size_t axis = first; axis < last; ++axis) count *= shape[axis];
  return count;
}

}  // namespace gradus::floatops
