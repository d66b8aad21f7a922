// A call of each float operator on a small map, for tests that iterate over float_ops().
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/floatops/float_call.h"

namespace gradus::testing_support {

// Every operator of float_ops(), sorted.
std::vector<std::string> float_op_types();

// Its first input is data [1, 4, 6, 8], its output [1, ...]; constants are drawn from `rng`.
// Reports a failure of the test that calls it for an operator that it does not know.
floatops::FloatCall example_call(const std::string& type, Rng& rng);

}  // namespace gradus::testing_support
