// IDX files, in which MNIST and its kin come: two zero bytes, a type, a rank, the dimensions as
// big-endian 32-bit numbers, the values (http://yann.lecun.com/exdb/mnist/, "the IDX file format").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradus/base/shape.h"

namespace gradus {

struct IdxArray {
  Shape shape;
  std::vector<std::uint8_t> values;  // row-major
};

// Reads an IDX file of unsigned bytes with `rank` dimensions, gzipped or not (told by its first
// bytes). Throws Error: kNotFound, or kInvalidFile if it is anything else, holds nothing, or is
// longer or shorter than its dimensions say.
IdxArray load_idx(const std::string& path, std::size_t rank);

}  // namespace gradus
