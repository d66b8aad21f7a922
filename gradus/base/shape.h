// Shapes of tensors: dimensions outermost first, -1 where not known before run time (the batch).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gradus {

using Shape = std::vector<std::int64_t>;

// Number of elements; 1 for rank 0. Empty if a dimension is negative or the product passes 2^62.
inline std::optional<std::int64_t> element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (__builtin_mul_overflow(count, dimension, &count) || count > (std::int64_t{1} << 62)) {
      return std::nullopt;
    }
  }
  return count;
}

// "[?, 3, 32, 32]"
inline std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace gradus
