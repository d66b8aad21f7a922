// One node of the network, ready to run, and the registry of operators that prepare them. A new
// operator is one file ops/<name>.cpp and one line in this folder's CMakeLists.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gradus/base/cpu.h"
#include "gradus/kernels/copy/copy.h"
#include "gradus/kernels/tensor_view.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

// Where the tensors of a run lie; fixed for the life of an engine.
class TensorMemory {
 public:
  virtual ~TensorMemory() = default;
  // A tensor of codes, as stored codes with a halo.
  virtual kernels::ActivationView codes(std::int32_t tensor) const = 0;
  // A tensor of floats, [batch, height, width, channels]; of kPlanes in ONNX's order.
  virtual float* values(std::int32_t tensor) const = 0;
};

// Everything is allocated when it is made; bind() is called once, then start() and run() in turn.
class Step {
 public:
  virtual ~Step() = default;
  virtual const char* kernel() const noexcept = 0;
  // Why faster kernels were passed over: "name: reason; name: reason", or "".
  virtual std::string refusals() const { return {}; }
  // Of one thread; its memory begins on a 64-byte boundary.
  virtual std::size_t scratch_bytes() const noexcept { return 0; }
  virtual void bind(const TensorMemory& memory) = 0;
  // Gets ready for `batch` images; `images` is the network's input, [batch, channels, height,
  // width].
  // Returns the number of independent items of work.
  virtual std::int64_t start(std::int64_t batch, const float* images) noexcept = 0;
  // Items [begin, end); called from several threads with separate items and scratch.
  virtual void run(std::int64_t begin, std::int64_t end, std::byte* scratch) const noexcept = 0;
  // Why the run since start() has no result, or null.
  virtual const char* failure() const noexcept { return nullptr; }
};

struct StepContext {
  const QModel& model;
  const QNode& node;
  Isa isa = Isa::kScalar;

  const QTensor& input(std::size_t i = 0) const {
    return model.tensors[static_cast<std::size_t>(node.inputs[i])];
  }
  const QTensor& output() const { return model.tensors[static_cast<std::size_t>(node.output)]; }
  template <typename Op>
  const Op& op() const {
    return std::get<Op>(node.op);
  }
};

struct RuntimeOp {
  const char* name;  // operator_name
  // The halo that the node reads around its inputs; nullptr: none.
  kernels::Halo (*halo)(const StepContext& context);
  // Whether the output is the input under another name, so that nothing has to run; nullptr: never.
  bool (*alias)(const StepContext& context);
  std::unique_ptr<Step> (*prepare)(const StepContext& context);
};

std::span<const RuntimeOp> runtime_ops();
// The entry of an operator; every operator has one.
const RuntimeOp& runtime_op(const QOperator& op);

// A zero point, low or high in stored codes.
inline std::int32_t stored(const QTensor& tensor, std::int32_t code) noexcept {
  return code - tensor.grid.quant_min;
}

}  // namespace gradus
