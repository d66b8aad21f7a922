// Pad by a number, 0 where attribute `value` is missing.
#include <algorithm>

#include "gradus/floatops/cells.h"
#include "gradus/floatops/float_op.h"

namespace gradus {
namespace {

using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

void pad(const floatops::Attributes& attributes, std::span<const FloatInput> in,
         std::span<const FloatOutput> out) {
  const auto& pads = attributes.integers("pads");
  const float value = attributes.contains("value") ? attributes.real("value") : 0.0f;
  std::fill(out[0].data.begin(), out[0].data.end(), value);
  const floatops::Strides strides = floatops::strides_of(out[0].shape);
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) offset += pads[axis] * strides[axis];
  floatops::put(reinterpret_cast<const std::byte*>(in[0].data.data()),
                reinterpret_cast<std::byte*>(out[0].data.data()), in[0].shape, strides, offset,
                sizeof(float));
}

}  // namespace

floatops::FloatOpFamily pad_float_op() { return {FloatOp{.type = "Pad", .run = pad}}; }

}  // namespace gradus
