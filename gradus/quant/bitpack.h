// Codes of 1 to 8 bits packed without gaps, as model.gradus stores them.
//
//   code i occupies bits [i*b, (i+1)*b) of the little-endian bit stream: bit j of the stream is bit
//   j % 8 of byte j / 8. The last byte is filled with zero bits.
//     b = 3:  byte 0 = c2[1:0] c1[2:0] c0[2:0]   byte 1 = c5[0] c4[2:0] c3[2:0] c2[2]  ...
//
// What is stored is code - quant_min, so it fits b bits for signed grids too; binary {-1, +1} is
// stored as {0, 1}. docs/numerics.md section 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gradus/quant/quantizer.h"

namespace gradus {

// ceil(count * bits / 8)
std::size_t packed_bytes(std::size_t count, int bits);

// `codes` on the grid of the given bits; one off it is our bug (LogicError).
std::vector<std::byte> pack_codes(std::span<const std::int32_t> codes, int bits, const Grid& grid);

// `packed` has at least packed_bytes(codes.size(), bits) bytes. A stored value past the grid
// (possible on narrow grids) is returned as it is: the caller checks.
void unpack_codes(std::span<const std::byte> packed, int bits, const Grid& grid,
                  std::span<std::int32_t> codes);

}  // namespace gradus
