#include "gradus/kernels/lookup/kernels.h"

namespace gradus::kernels {

void lookup_scalar(const LookupArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const std::int32_t height = args.out.height;
  for (std::int64_t item = begin; item < end; ++item) {
    for (std::int32_t x = 0; x < args.out.width; ++x) {
      const std::uint8_t* in = args.in.at(item / height, item % height, x);
      std::uint8_t* out = args.out.at(item / height, item % height, x);
      for (std::int32_t c = 0; c < args.out.channels; ++c) {
        out[c] = args.table[c * args.channel_step + in[c]];
      }
    }
  }
}

}  // namespace gradus::kernels
