#include "gradus/base/checksum.h"

#include <zlib.h>

namespace gradus {

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous) {
  // zlib starts anew when it is given a null pointer, which an empty span may hold.
  if (bytes.empty()) return previous;
  return static_cast<std::uint32_t>(
      ::crc32_z(previous, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace gradus
