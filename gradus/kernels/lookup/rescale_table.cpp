#include "gradus/kernels/lookup/lookup.h"

namespace gradus::kernels {

void rescale_table(const Requantizer& requantizer, std::int32_t zero_point,
                   std::span<std::uint8_t, 256> table) noexcept {
  for (std::int32_t code = 0; code < 256; ++code) {
    table[static_cast<std::size_t>(code)] =
        static_cast<std::uint8_t>(requantizer(code - zero_point, 0));
  }
}

}  // namespace gradus::kernels
