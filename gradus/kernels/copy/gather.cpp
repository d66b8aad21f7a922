#include <cstring>

#include "gradus/kernels/copy/copy.h"

namespace gradus::kernels {

void gather_rows(const GatherArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const ActivationView& out = args.out;
  const auto bytes = static_cast<std::size_t>(out.channels);
  for (std::int64_t item = begin; item < end; ++item) {
    const std::int64_t y = item % out.height;
    const std::uint8_t* row = args.in.at(item / out.height, 0, 0) + args.rows[y];
    std::uint8_t* to = out.at(item / out.height, y, 0);
    for (std::int32_t x = 0; x < out.width; ++x, to += out.pixel_step) {
      const std::uint8_t* from = row + args.columns[x];
      if (args.consecutive) {
        std::memcpy(to, from + args.channels[0], bytes);
        continue;
      }
      for (std::int32_t c = 0; c < out.channels; ++c) to[c] = from[args.channels[c]];
    }
  }
}

}  // namespace gradus::kernels
