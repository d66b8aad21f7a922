#include <array>

#include "gradus/runtime/step.h"

namespace gradus {
namespace {

class DequantizeStep : public Step {
 public:
  explicit DequantizeStep(const StepContext& context)
      : input_(context.node.inputs[0]), result_(context.node.output) {
    const QTensor& in = context.input();
    for (std::int32_t code = in.grid.quant_min; code <= in.grid.quant_max; ++code) {
      table_[static_cast<std::size_t>(stored(in, code))] =
          dequantize(code, in.scale, in.zero_point);
    }
  }
  const char* kernel() const noexcept override { return "dequantize"; }
  void bind(const TensorMemory& memory) override {
    in_ = memory.codes(input_);
    out_ = memory.values(result_);
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * in_.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    for (std::int64_t row = begin; row < end; ++row) {
      float* out = out_ + row * in_.width * in_.channels;
      for (std::int32_t x = 0; x < in_.width; ++x) {
        const std::uint8_t* pixel = in_.at(row / in_.height, row % in_.height, x);
        for (std::int32_t c = 0; c < in_.channels; ++c) *out++ = table_[pixel[c]];
      }
    }
  }

 private:
  const std::int32_t input_;
  const std::int32_t result_;
  std::array<float, 256> table_ = {};
  kernels::ActivationView in_;
  float* out_ = nullptr;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<DequantizeStep>(context);
}

}  // namespace

RuntimeOp dequantize_runtime_op() { return {"dequantize", nullptr, nullptr, prepare}; }

}  // namespace gradus
