// NumPy's .npy files: arrays of numbers, format versions 1.0 to 3.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/shape.h"

namespace gradus {

enum class NumberKind { kBool, kUnsigned, kSigned, kFloat };

struct NpyType {
  NumberKind kind = NumberKind::kFloat;
  std::size_t bytes = 4;  // 1, 2, 4 or 8; kFloat 2, 4 or 8; kBool 1
  bool big_endian = false;
  bool operator==(const NpyType&) const = default;
};
std::string to_string(const NpyType& type);  // "float32", "uint8"

// An array inside a file that somebody else holds.
struct NpyView {
  Shape shape;
  NpyType type;
  std::span<const std::byte> data;  // row-major, exactly shape's elements
};

// Finds the array of a whole .npy file: bool, (u)int8 to (u)int64, float16 to float64, either byte
// order, C order. Throws Error (kInvalidFile), starting with `where`, if it is anything else or
// longer or shorter than its shape says.
NpyView view_npy(std::span<const std::byte> file, const std::string& where);

// The elements as float (rounded to nearest), `data` holding out.size() of them.
void to_floats(const NpyType& type, std::span<const std::byte> data, std::span<float> out);

// The elements of an integer array. Throws Error (kInvalidFile), starting with `where`, if they are
// floats or one is beyond int64.
std::vector<std::int64_t> to_integers(const NpyView& array, const std::string& where);

struct NpyArray {
  Shape shape;
  std::vector<float> values;  // row-major
};

// Reads an array of any of these types as float. Throws Error: kNotFound, or as view_npy.
NpyArray load_npy(const std::string& path);

// Writes float32, whole or not at all.
void save_npy(const std::string& path, const Shape& shape, std::span<const float> values);

}  // namespace gradus
