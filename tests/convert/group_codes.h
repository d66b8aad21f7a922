// Activations and movements by plain loops, written from ONNX's definitions, for graph_codes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

// Whether the operator computes each number from the numbers in its place.
bool is_function(const std::string& op);

// The result of such an operator for one number of each input, in double, rounded once.
float function_of(const Node& node, const std::vector<float>& operands);

// One image's codes moved from shape to shape, both with the batch in front; `zero` is real zero.
std::vector<std::int32_t> moved(const Node& node, const std::vector<std::int32_t>& codes,
                                const Shape& in, const Shape& out, std::int32_t zero);

}  // namespace gradus
