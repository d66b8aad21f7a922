// Sliding a window over a map [N, C, H, W], for any element type.
#pragma once

#include <limits>

#include "gradus/base/shape.h"
#include "gradus/floatops/window.h"

namespace gradus::floatops {

// One position of the window, whose elements inside the map it visits.
struct Place {
  const Window& window;
  std::int64_t plane, height, width;  // where the plane starts, in elements, and its size
  std::int64_t top, left;             // may be in the padding

  // visit(position) for every element under the window that is not padding, row by row.
  template <typename Visit>
  void visit(const Visit& call) const {
    for (std::int64_t i = 0; i < window.kernel[0]; ++i) {
      const std::int64_t row = top + i * window.dilations[0];
      if (row < 0 || row >= height) continue;
      for (std::int64_t j = 0; j < window.kernel[1]; ++j) {
        const std::int64_t column = left + j * window.dilations[1];
        if (column >= 0 && column < width) call(plane + row * width + column);
      }
    }
  }
};

// call(place) for every output element, in order.
template <typename Call>
void for_each_window(const Window& window, const Shape& in, const Shape& out, const Call& call) {
  for (std::int64_t plane = 0; plane < out[0] * out[1]; ++plane) {
    for (std::int64_t row = 0; row < out[2]; ++row) {
      for (std::int64_t column = 0; column < out[3]; ++column) {
        call(Place{window, plane * in[2] * in[3], in[2], in[3],
                   row * window.strides[0] - window.before[0],
                   column * window.strides[1] - window.before[1]});
      }
    }
  }
}

// The largest element under each window; the first of equals. NaN counts as largest.
//   places   null, or the position of each in the whole of `in`, counted in elements
template <typename T>
void max_pool(const Window& window, const T* in, const Shape& in_shape, T* out,
              std::int64_t* places, const Shape& out_shape) {
  for_each_window(window, in_shape, out_shape, [&](const Place& place) {
    std::int64_t best = -1;
    place.visit([&](std::int64_t at) {
      if (best < 0 || in[at] > in[best] || (in[at] != in[at] && in[best] == in[best])) best = at;
    });
    using Limits = std::numeric_limits<T>;
    const T nothing = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    *out++ = best < 0 ? nothing : in[best];
    if (places != nullptr) *places++ = best;
  });
}

}  // namespace gradus::floatops
