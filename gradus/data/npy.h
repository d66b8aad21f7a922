// NumPy's .npy files: arrays of numbers, format versions 1.0 to 3.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gradus/base/shape.h"

namespace gradus {

struct NpyArray {
  Shape shape;
  std::vector<float> values;  // row-major
};

// Reads float32, float64, (u)int8, (u)int16, (u)int32, (u)int64 and bool, little-endian, C order, as
// float. Throws Error: kNotFound, or kInvalidFile if it is anything else or longer or shorter than
// its shape says.
NpyArray load_npy(const std::string& path);

// Writes float32, whole or not at all.
void save_npy(const std::string& path, const Shape& shape, std::span<const float> values);

}  // namespace gradus
