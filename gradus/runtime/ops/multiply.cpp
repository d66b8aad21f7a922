#include "gradus/kernels/multiply/multiply.h"

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/step.h"

namespace gradus {
namespace {

class MultiplyStep : public Step {
 public:
  explicit MultiplyStep(const StepContext& context)
      : inputs_{context.node.inputs[0], context.node.inputs[1]},
        result_(context.node.output),
        kernel_(kernels::select_multiply(context.isa)) {
    const auto& op = context.op<QMultiply>();
    const QTensor& out = context.output();
    args_.multiply =
        make_integer_multiply(context.model.profile, quantizer_of(context.input(0)),
                              quantizer_of(context.input(1)), quantizer_of(out), op.low, op.high);
    // From codes to stored codes: only differences from the zero points count.
    for (std::size_t i = 0; i < 2; ++i) {
      args_.multiply.input_zero_point[i] = stored(context.input(i), context.input(i).zero_point);
    }
    args_.multiply.requantizer.zero_point = stored(out, out.zero_point);
    args_.multiply.requantizer.low = stored(out, op.low);
    args_.multiply.requantizer.high = stored(out, op.high);
  }
  const char* kernel() const noexcept override { return kernel_.name; }
  void bind(const TensorMemory& memory) override {
    args_.out = memory.codes(result_);
    args_.a =
        kernels::broadcast_view(memory.codes(inputs_[0]), args_.out.height, args_.out.width);
    args_.b =
        kernels::broadcast_view(memory.codes(inputs_[1]), args_.out.height, args_.out.width);
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * args_.out.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    kernel_.run(args_, begin, end);
  }

 private:
  const std::int32_t inputs_[2];
  const std::int32_t result_;
  const kernels::MultiplyKernel& kernel_;
  kernels::MultiplyArgs args_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<MultiplyStep>(context);
}

}  // namespace

RuntimeOp multiply_runtime_op() { return {"multiply", nullptr, nullptr, prepare}; }

}  // namespace gradus
