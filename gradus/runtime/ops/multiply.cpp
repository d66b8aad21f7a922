#include "gradus/kernels/multiply/multiply.h"

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/pair_step.h"

namespace gradus {
namespace {

class MultiplyStep : public PairStep<kernels::MultiplyArgs, kernels::MultiplyKernel> {
 public:
  explicit MultiplyStep(const StepContext& context)
      : PairStep(context, kernels::select_multiply(context.isa)) {
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
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<MultiplyStep>(context);
}

}  // namespace

RuntimeOp multiply_runtime_op() { return {"multiply", nullptr, nullptr, prepare}; }

}  // namespace gradus
