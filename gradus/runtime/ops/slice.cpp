#include "gradus/kernels/copy/copy.h"
#include "gradus/runtime/step.h"

namespace gradus {
namespace {

class SliceStep : public Step {
 public:
  explicit SliceStep(const StepContext& context)
      : op_(context.op<QSlice>()), input_(context.node.inputs[0]), result_(context.node.output) {}
  const char* kernel() const noexcept override { return "copy"; }
  void bind(const TensorMemory& memory) override {
    out_ = memory.codes(result_);
    // A view of the input that is the slice already, but for steps over channels.
    in_ = memory.codes(input_);
    in_.data = in_.at(0, op_.begin_h, op_.begin_w) + op_.begin_c;
    in_.height = out_.height;
    in_.width = out_.width;
    in_.channels = out_.channels;
    in_.row_step *= op_.step_h;
    in_.pixel_step *= op_.step_w;
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * out_.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    if (op_.step_c == 1) return kernels::copy_rows(in_, out_, begin, end);
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int32_t x = 0; x < out_.width; ++x) {
        const std::uint8_t* in = in_.at(row / out_.height, row % out_.height, x);
        std::uint8_t* out = out_.at(row / out_.height, row % out_.height, x);
        for (std::int32_t c = 0; c < out_.channels; ++c) out[c] = in[c * op_.step_c];
      }
    }
  }

 private:
  const QSlice op_;
  const std::int32_t input_;
  const std::int32_t result_;
  kernels::ActivationView in_, out_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<SliceStep>(context);
}

}  // namespace

RuntimeOp slice_runtime_op() { return {"slice", nullptr, nullptr, prepare}; }

}  // namespace gradus
