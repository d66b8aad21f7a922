#include <cstring>

#include "gradus/kernels/copy/copy.h"
#include "gradus/runtime/step.h"

namespace gradus {
namespace {

// One row of one image as an image of its own.
kernels::ActivationView row_of(kernels::ActivationView view, std::int64_t image, std::int64_t row) {
  view.data = view.at(image, row, 0);
  view.height = 1;
  return view;
}

class PadStep : public Step {
 public:
  explicit PadStep(const StepContext& context)
      : op_(context.op<QPad>()),
        input_(context.node.inputs[0]),
        result_(context.node.output),
        zero_(static_cast<std::uint8_t>(stored(context.output(), context.output().zero_point))) {}
  const char* kernel() const noexcept override { return "copy"; }
  void bind(const TensorMemory& memory) override {
    in_ = memory.codes(input_);
    out_ = memory.codes(result_);
    inside_ = out_;
    inside_.data = out_.at(0, op_.top, op_.left) + op_.channels_before;
    inside_.pixel_step *= op_.between_columns + 1;
    inside_.height = in_.height;
    inside_.width = in_.width;
    inside_.channels = in_.channels;
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * out_.height;
  }
  // Items are rows of the output.
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t image = row / out_.height;
      const std::int64_t y = row % out_.height;
      std::memset(out_.at(image, y, 0), zero_,
                  static_cast<std::size_t>(out_.width * out_.pixel_step));
      const std::int64_t below = y - op_.top;
      const std::int64_t from = below / (op_.between_rows + 1);
      if (below < 0 || below % (op_.between_rows + 1) != 0 || from >= in_.height) continue;
      const kernels::ActivationView to = row_of(inside_, image, below);
      kernels::copy_rows(row_of(in_, image, from), to, 0, 1);
    }
  }

 private:
  const QPad op_;
  const std::int32_t input_;
  const std::int32_t result_;
  const std::uint8_t zero_;
  kernels::ActivationView in_, out_, inside_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<PadStep>(context);
}

}  // namespace

RuntimeOp pad_runtime_op() { return {"pad", nullptr, nullptr, prepare}; }

}  // namespace gradus
