#include "gradus/runtime/step.h"

#include <string_view>

#include "gradus/base/check.h"

namespace gradus {

const RuntimeOp& runtime_op(const QOperator& op) {
  const std::string_view name = operator_name(op);
  for (const RuntimeOp& entry : runtime_ops()) {
    if (name == entry.name) return entry;
  }
  check(false, "an operator of the integer network is missing from runtime_ops");
  return runtime_ops().front();
}

}  // namespace gradus
