// Comparisons, logic, choice and conversion of numbers. What is true is 1, what is not 0.
#include <algorithm>
#include <cmath>

#include "gradus/floatops/element_type.h"
#include "gradus/floatops/elementwise.h"
#include "gradus/floatops/float_op.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

bool equal(float a, float b) { return a == b; }
bool less(float a, float b) { return a < b; }
bool less_or_equal(float a, float b) { return a <= b; }
bool greater(float a, float b) { return a > b; }
bool greater_or_equal(float a, float b) { return a >= b; }
bool both(float a, float b) { return a != 0.0f && b != 0.0f; }
bool either(float a, float b) { return a != 0.0f || b != 0.0f; }
bool one_of(float a, float b) { return (a != 0.0f) != (b != 0.0f); }

template <bool (*holds)(float, float)>
void apply(const Attributes&, std::span<const FloatInput> in, std::span<const FloatOutput> out) {
  floatops::combine(in[0].data.data(), in[0].shape, in[1].data.data(), in[1].shape,
                    out[0].data.data(), out[0].shape,
                    [](float a, float b) { return holds(a, b) ? 1.0f : 0.0f; });
}

void negate(const Attributes&, std::span<const FloatInput> in, std::span<const FloatOutput> out) {
  std::transform(in[0].data.begin(), in[0].data.end(), out[0].data.begin(),
                 [](float x) { return x == 0.0f ? 1.0f : 0.0f; });
}

// The second input where the first is not 0, elsewhere the third.
void choose(const Attributes&, std::span<const FloatInput> in, std::span<const FloatOutput> out) {
  std::vector<float> chosen(out[0].data.size());
  const Shape& shape = out[0].shape;
  floatops::take(reinterpret_cast<const std::byte*>(in[1].data.data()),
                 reinterpret_cast<std::byte*>(chosen.data()), shape,
                 floatops::broadcast_strides(in[1].shape, shape), 0, sizeof(float));
  const float* next = chosen.data();
  floatops::combine(in[0].data.data(), in[0].shape, in[2].data.data(), in[2].shape,
                    out[0].data.data(), shape, [&](float condition, float otherwise) {
                      const float given = *next++;
                      return condition != 0.0f ? given : otherwise;
                    });
}

void cast(const Attributes& attributes, std::span<const FloatInput> in,
          std::span<const FloatOutput> out) {
  const auto to = floatops::element_type(attributes.integer("to"));
  std::transform(in[0].data.begin(), in[0].data.end(), out[0].data.begin(),
                 [&](float x) { return floatops::converted(*to, x); });
}

}  // namespace

floatops::FloatOpFamily logic_float_op() {
  floatops::FloatOpFamily family = {
      FloatOp{.type = "Equal", .run = apply<equal>},
      FloatOp{.type = "Less", .run = apply<less>},
      FloatOp{.type = "LessOrEqual", .run = apply<less_or_equal>},
      FloatOp{.type = "Greater", .run = apply<greater>},
      FloatOp{.type = "GreaterOrEqual", .run = apply<greater_or_equal>},
      FloatOp{.type = "And", .run = apply<both>},
      FloatOp{.type = "Or", .run = apply<either>},
      FloatOp{.type = "Xor", .run = apply<one_of>},
      FloatOp{.type = "Not", .run = negate},
      FloatOp{.type = "Where", .run = choose},
      FloatOp{.type = "Cast", .run = cast}};
  for (FloatOp& op : family) op.numbers = true;
  return family;
}

}  // namespace gradus
