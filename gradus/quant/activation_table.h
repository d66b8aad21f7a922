// An activation on codes: a table, made once from the function on reals. docs/numerics.md (22).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/quant/integer_linear.h"

namespace gradus {

// The real of every code of the grid, ascending: what the function is computed of.
std::vector<float> reals_of_codes(const ActivationQuantizer& quantizer);

// The output's code of every result: clamp(quantize(result), low, high).
// Throws Error (kUnsupported), starting with `where`, if a result is not a number.
std::vector<std::int32_t> activation_table(std::span<const float> results,
                                           const ActivationQuantizer& output, std::int32_t low,
                                           std::int32_t high, const std::string& where);

}  // namespace gradus
