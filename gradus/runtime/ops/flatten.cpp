#include "gradus/runtime/step.h"

namespace gradus {
namespace {

// From pixels of channels to ONNX's order: channel, row, column. Items are images.
class FlattenCodes : public Step {
 public:
  explicit FlattenCodes(const StepContext& context)
      : input_(context.node.inputs[0]), result_(context.node.output) {}
  const char* kernel() const noexcept override { return "flatten"; }
  void bind(const TensorMemory& memory) override {
    in_ = memory.codes(input_);
    out_ = memory.codes(result_);
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override { return batch; }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    for (std::int64_t image = begin; image < end; ++image) {
      std::uint8_t* out = out_.at(image, 0, 0);
      for (std::int32_t c = 0; c < in_.channels; ++c) {
        for (std::int32_t y = 0; y < in_.height; ++y) {
          for (std::int32_t x = 0; x < in_.width; ++x) *out++ = in_.at(image, y, x)[c];
        }
      }
    }
  }

 private:
  const std::int32_t input_;
  const std::int32_t result_;
  kernels::ActivationView in_, out_;
};

class FlattenValues : public Step {
 public:
  explicit FlattenValues(const StepContext& context)
      : input_(context.node.inputs[0]),
        result_(context.node.output),
        channels_(context.input().channels),
        pixels_(std::int64_t{context.input().height} * context.input().width) {}
  const char* kernel() const noexcept override { return "flatten"; }
  void bind(const TensorMemory& memory) override {
    in_ = memory.values(input_);
    out_ = memory.values(result_);
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override { return batch; }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    for (std::int64_t image = begin; image < end; ++image) {
      const float* in = in_ + image * channels_ * pixels_;
      float* out = out_ + image * channels_ * pixels_;
      for (std::int64_t c = 0; c < channels_; ++c) {
        for (std::int64_t pixel = 0; pixel < pixels_; ++pixel) {
          *out++ = in[pixel * channels_ + c];
        }
      }
    }
  }

 private:
  const std::int32_t input_;
  const std::int32_t result_;
  const std::int64_t channels_;
  const std::int64_t pixels_;
  const float* in_ = nullptr;
  float* out_ = nullptr;
};

// A single pixel is flat already.
bool alias(const StepContext& context) {
  return context.input().height == 1 && context.input().width == 1;
}

std::unique_ptr<Step> prepare(const StepContext& context) {
  if (context.output().kind == QTensorKind::kFloat) return std::make_unique<FlattenValues>(context);
  return std::make_unique<FlattenCodes>(context);
}

}  // namespace

RuntimeOp flatten_runtime_op() { return {"flatten", nullptr, alias, prepare}; }

}  // namespace gradus
