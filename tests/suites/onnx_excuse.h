// Why a case of ONNX's suites may be refused. Everything else must pass.
#pragma once

#include <string>

#include "gradus/onnx/proto.h"

namespace gradus::testing_support {

// The reason, or empty. Only what is documented as not computed is one: operators that graph_ops()
// does not have, types that are not computed, more than two spatial axes, training, opsets outside
// the range.
std::string excuse_of(const onnx::ModelProto& model);
// The same for a file that cannot be read at all, by its refusal.
std::string excuse_of_file(const std::string& refusal);

}  // namespace gradus::testing_support
