// CRC-32 (zlib's) over bytes: catches every burst of errors up to 32 bits, and all but one in 2^32
// of other damage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gradus {

// `previous` continues a checksum over the bytes before.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous = 0);

}  // namespace gradus
