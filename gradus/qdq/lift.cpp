#include "gradus/qdq/lift.h"

#include "gradus/qdq/lifter.h"

namespace gradus {

bool is_quantized_op(const std::string& type) {
  for (const QuantizedOpFamily& family : quantized_ops()) {
    for (const qdq::QuantizedOp& op : family) {
      if (op.where == qdq::Where::kQuantized && op.type == type) return true;
    }
  }
  return false;
}

IntegerConstants lift_quantized(Graph& graph) { return qdq::Lifter(graph).run(); }

}  // namespace gradus
