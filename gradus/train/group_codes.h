// The exact codes of groups of operators that integers compute in one (prepare/groups.h).
#pragma once

#include "gradus/train/op.h"

namespace gradus {

// numerics.md (22): a table, made once.
CodeFunction activation_code_function(const CodeContext& context, const Node& root);

// The group's own forward functions, on codes.
CodeFunction movement_code_function(const CodeContext& context, const Node& root);

}  // namespace gradus
