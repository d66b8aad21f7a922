// Where along an axis the largest or the smallest element is, as a number.
#include "gradus/floatops/float_op.h"
#include "gradus/floatops/reduce.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

template <bool kLargest>
void search(const Attributes& attributes, std::span<const FloatInput> in,
            std::span<const FloatOutput> out) {
  const bool last = attributes.integer("select_last_index") == 1;
  float* to = out[0].data.data();
  float best = 0.0f;
  std::int64_t index = -1, found = 0;
  floatops::reduce(
      in[0].shape, {attributes.integer("axis")}, [&] { index = -1; },
      [&](std::int64_t at) {
        const float x = in[0].data[static_cast<std::size_t>(at)];
        const bool better = kLargest ? x > best : x < best;
        if (++index == 0 || better || (last && x == best)) best = x, found = index;
      },
      [&] { *to++ = static_cast<float>(found); });
}

}  // namespace

floatops::FloatOpFamily search_float_op() {
  return {FloatOp{.type = "ArgMax", .run = search<true>, .numbers = true},
          FloatOp{.type = "ArgMin", .run = search<false>, .numbers = true}};
}

}  // namespace gradus
