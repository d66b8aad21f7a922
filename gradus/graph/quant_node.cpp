#include "gradus/graph/quant_node.h"

#include <cmath>

#include "gradus/graph/ops/support.h"

namespace gradus {

QuantNode read_quant_node(const Node& node) {
  const std::int64_t bits = node.integer("bits", 0);
  if (bits < 1 || bits > 8) {
    ops::invalid(node, "bits is " + std::to_string(bits) + "; expected 1 to 8");
  }
  QuantNode quant;
  quant.spec.bits = static_cast<int>(bits);
  quant.spec.is_signed = node.integer("signed", 0) != 0;
  quant.spec.narrow_range = node.integer("narrow", 0) != 0;
  quant.scale = node.real("scale", 0.0f);
  if (!std::isfinite(quant.scale) || !(quant.scale > 0.0f)) {
    ops::invalid(node, "scale is " + std::to_string(quant.scale) + "; expected a number above 0");
  }
  const Grid grid = quant.spec.grid();
  const std::int64_t zero = node.integer("zero_point", 0);
  const std::int64_t low = node.integer("low", grid.quant_min);
  const std::int64_t high = node.integer("high", grid.quant_max);
  const bool on_grid = zero >= grid.quant_min && zero <= grid.quant_max && low >= grid.quant_min &&
                       high <= grid.quant_max && low <= high && (!grid.binary || zero == 0);
  if (!on_grid) {
    ops::invalid(node, "its zero point " + std::to_string(zero) + " or its codes, " +
                           std::to_string(low) + " to " + std::to_string(high) +
                           ", are off its grid");
  }
  quant.spec.symmetric = zero == 0;
  quant.zero_point = static_cast<std::int32_t>(zero);
  quant.low = static_cast<std::int32_t>(low);
  quant.high = static_cast<std::int32_t>(high);
  return quant;
}

}  // namespace gradus
