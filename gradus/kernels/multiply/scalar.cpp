// The specification: numerics.md (21) for every element.
#include "gradus/kernels/multiply/kernels.h"

namespace gradus::kernels {

void multiply_scalar(const MultiplyArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const std::int32_t height = args.out.height;
  for (std::int64_t item = begin; item < end; ++item) {
    for (std::int32_t x = 0; x < args.out.width; ++x) {
      const std::uint8_t* a = args.a.at(item / height, item % height, x);
      const std::uint8_t* b = args.b.at(item / height, item % height, x);
      std::uint8_t* out = args.out.at(item / height, item % height, x);
      for (std::int32_t c = 0; c < args.out.channels; ++c) {
        out[c] = static_cast<std::uint8_t>(args.multiply(a[c], b[c]));
      }
    }
  }
}

}  // namespace gradus::kernels
