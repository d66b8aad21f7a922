// Walking the elements that one output of a reduction is made of, for any element type.
#pragma once

#include <algorithm>

#include "gradus/floatops/cells.h"

namespace gradus::floatops {

// For each output element, in order: begin(), then add(position) for every input element that it
// is made of, in order, then end().
//   axes   ascending; the output has size 1 there, or is without them
template <typename Begin, typename Add, typename End>
void reduce(const Shape& in, const std::vector<std::int64_t>& axes, const Begin& begin,
            const Add& add, const End& end) {
  Shape kept, reduced;
  Strides kept_steps, reduced_steps;
  const Strides steps = strides_of(in);
  for (std::size_t axis = 0; axis < in.size(); ++axis) {
    const bool gone = std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(axis));
    (gone ? reduced : kept).push_back(in[axis]);
    (gone ? reduced_steps : kept_steps).push_back(steps[axis]);
  }
  const auto position = [](std::int64_t index, const Shape& shape, const Strides& strides) {
    std::int64_t at = 0;
    for (std::size_t axis = shape.size(); axis-- > 0; index /= shape[axis]) {
      at += index % shape[axis] * strides[axis];
    }
    return at;
  };
  const std::int64_t outputs = product(kept, 0, kept.size());
  const std::int64_t members = product(reduced, 0, reduced.size());
  for (std::int64_t i = 0; i < outputs; ++i) {
    const std::int64_t start = position(i, kept, kept_steps);
    begin();
    for (std::int64_t j = 0; j < members; ++j) add(start + position(j, reduced, reduced_steps));
    end();
  }
}

}  // namespace gradus::floatops
