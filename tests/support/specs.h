// Every quantizer specification that validate() allows: all widths, signs and shapes of grid.
#pragma once

#include <string>
#include <vector>

#include "gradus/quant/quantizer.h"

namespace gradus::testing_support {

inline std::vector<QuantizerSpec> all_specs() {
  std::vector<QuantizerSpec> specs;
  for (int bits = 1; bits <= 8; ++bits) {
    for (bool is_signed : {false, true}) {
      for (bool symmetric : {false, true}) {
        for (bool narrow : {false, true}) {
          if (bits == 1 && is_signed && !symmetric) continue;
          if (narrow && !is_signed) continue;
          specs.push_back({.bits = bits,
                           .is_signed = is_signed,
                           .symmetric = symmetric,
                           .narrow_range = narrow});
        }
      }
    }
  }
  return specs;
}

// "4 bits signed symmetric narrow"
inline std::string describe(const QuantizerSpec& spec) {
  return std::to_string(spec.bits) + " bits " + (spec.is_signed ? "signed" : "unsigned") +
         (spec.symmetric ? " symmetric" : "") + (spec.narrow_range ? " narrow" : "");
}

}  // namespace gradus::testing_support
