#include "gradus/kernels/lookup/lookup.h"

#include "gradus/runtime/rescale_table.h"

namespace gradus {
namespace {

class RescaleStep : public Step {
 public:
  explicit RescaleStep(const StepContext& context)
      : input_(context.node.inputs[0]),
        result_(context.node.output),
        kernel_(kernels::select_lookup(context.isa)),
        table_(make_rescale_table(context.model.profile, context.input(), context.output(),
                                  context.op<QRescale>().low, context.op<QRescale>().high)) {}
  const char* kernel() const noexcept override { return kernel_.name; }
  void bind(const TensorMemory& memory) override {
    args_ = {table_.data(), memory.codes(input_), memory.codes(result_)};
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * args_.out.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    kernel_.run(args_, begin, end);
  }

 private:
  const std::int32_t input_;
  const std::int32_t result_;
  const kernels::LookupKernel& kernel_;
  const CodeTable table_;
  kernels::LookupArgs args_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<RescaleStep>(context);
}

}  // namespace

RuntimeOp rescale_runtime_op() { return {"rescale", nullptr, nullptr, prepare}; }

}  // namespace gradus
