#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/node_check.h"

namespace gradus {
namespace {

// The elements of a tensor of `shape`, the batch being 1.
void check_size(const NodeCheck& at, const QTensor& tensor, const Shape& shape) {
  if (shape.empty() || shape[0] != 1 || element_count(shape) != elements(tensor)) {
    at.refuse("tensor '" + tensor.name + "' is " + shape_text(tensor) + " where it computes with " +
              to_string(shape));
  }
}

}  // namespace

void check_island(const NodeCheck& at, const QIsland& op) {
  at.expect_arithmetic([&] { floatops::check_call(op.call); });
  std::size_t data = 0;
  for (const floatops::CallInput& input : op.call.inputs) {
    if (input.kind != floatops::InputKind::kData) continue;
    if (data < at.node.inputs.size()) check_size(at, at.input(data), input.shape);
    ++data;
  }
  at.expect_inputs(data);
  if (data == 0) at.refuse("computes with constants alone");
  if (at.output().kind == QTensorKind::kFloat) {
    at.refuse("its output is floats by pixels; expected codes, or floats in ONNX's order");
  }
  check_size(at, at.output(), op.call.output);
}

}  // namespace gradus
