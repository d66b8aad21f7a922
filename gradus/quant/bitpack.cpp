#include "gradus/quant/bitpack.h"

#include "gradus/base/check.h"

namespace gradus {

std::size_t packed_bytes(std::size_t count, int bits) {
  return (count * static_cast<std::size_t>(bits) + 7) / 8;
}

std::vector<std::byte> pack_codes(std::span<const std::int32_t> codes, int bits, const Grid& grid) {
  std::vector<std::byte> packed(packed_bytes(codes.size(), bits));
  std::size_t position = 0;
  for (std::int32_t code : codes) {
    check(code >= grid.quant_min && code <= grid.quant_max && !(grid.binary && code == 0),
          "code off the grid");
    const auto stored =
        static_cast<std::uint32_t>(grid.binary ? (code + 1) / 2 : code - grid.quant_min);
    // A code spans at most two bytes.
    const std::uint32_t placed = stored << (position % 8);
    packed[position / 8] |= static_cast<std::byte>(placed & 0xff);
    if (placed > 0xff) packed[position / 8 + 1] |= static_cast<std::byte>(placed >> 8);
    position += static_cast<std::size_t>(bits);
  }
  return packed;
}

void unpack_codes(std::span<const std::byte> packed, int bits, const Grid& grid,
                  std::span<std::int32_t> codes) {
  check(packed.size() >= packed_bytes(codes.size(), bits), "packed codes too short");
  const std::uint32_t mask = (1u << bits) - 1;
  std::size_t position = 0;
  for (std::int32_t& code : codes) {
    std::uint32_t window = static_cast<std::uint32_t>(packed[position / 8]);
    if (position % 8 + static_cast<std::size_t>(bits) > 8) {
      window |= static_cast<std::uint32_t>(packed[position / 8 + 1]) << 8;
    }
    const auto stored = static_cast<std::int32_t>((window >> (position % 8)) & mask);
    code = grid.binary ? 2 * stored - 1 : stored + grid.quant_min;
    position += static_cast<std::size_t>(bits);
  }
}

}  // namespace gradus
