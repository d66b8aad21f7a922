#include "gradus/kernels/quantize/quantize.h"

#include "gradus/runtime/step.h"

namespace gradus {
namespace {

class QuantizeStep : public Step {
 public:
  explicit QuantizeStep(const StepContext& context)
      : result_(context.node.output), kernel_(kernels::select_quantize(context.isa)) {
    const QTensor& out = context.output();
    args_.scale = out.scale;
    args_.zero_point = stored(out, out.zero_point);
    args_.low = 0;
    args_.high = stored(out, out.grid.quant_max);
  }
  const char* kernel() const noexcept override { return kernel_.name; }
  void bind(const TensorMemory& memory) override { args_.out = memory.codes(result_); }
  std::int64_t start(std::int64_t batch, const float* images) noexcept override {
    args_.in = images;
    return batch * args_.out.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    kernel_.run(args_, begin, end);
  }

 private:
  const std::int32_t result_;
  const kernels::QuantizeKernel& kernel_;
  kernels::QuantizeArgs args_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<QuantizeStep>(context);
}

}  // namespace

RuntimeOp quantize_runtime_op() { return {"quantize", nullptr, nullptr, prepare}; }

}  // namespace gradus
