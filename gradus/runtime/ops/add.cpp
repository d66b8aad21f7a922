#include "gradus/kernels/add/add.h"

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/pair_step.h"

namespace gradus {
namespace {

class AddStep : public PairStep<kernels::AddArgs, kernels::AddKernel> {
 public:
  explicit AddStep(const StepContext& context)
      : PairStep(context, kernels::select_add(context.isa)) {
    const auto& op = context.op<QAdd>();
    const QTensor& out = context.output();
    args_.add = make_integer_add(context.model.profile, quantizer_of(context.input(0)),
                                 quantizer_of(context.input(1)), quantizer_of(out), op.low, op.high,
                                 op.subtract);
    // From codes to stored codes: only differences from the zero points count.
    for (std::size_t i = 0; i < 2; ++i) {
      args_.add.input_zero_point[i] = stored(context.input(i), context.input(i).zero_point);
    }
    args_.add.zero_point = stored(out, out.zero_point);
    args_.add.low = stored(out, op.low);
    args_.add.high = stored(out, op.high);
  }
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<AddStep>(context);
}

}  // namespace

RuntimeOp add_runtime_op() { return {"add", nullptr, nullptr, prepare}; }

}  // namespace gradus
