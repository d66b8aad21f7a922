// An operator in float amid the integers, an image at a time: every thread has its own images.
#include <array>
#include <atomic>
#include <exception>

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/read_tensor.h"
#include "gradus/runtime/step.h"

namespace gradus {
namespace {

// Floats in ONNX's order are used where they lie; everything else is laid out in scratch.
struct Source {
  std::int32_t tensor = 0;
  QTensor like;
  bool network_input = false;  // lies in the caller's images
  bool copied = false;
  const float* values = nullptr;
  kernels::ActivationView codes;
};

class IslandStep : public Step {
 public:
  explicit IslandStep(const StepContext& context)
      : call_(context.op<QIsland>().call),
        name_("float " + call_.call().type),
        result_(context.node.output),
        out_(context.output()) {
    for (std::size_t i = 0; i < context.node.inputs.size(); ++i) {
      Source source;
      source.tensor = context.node.inputs[i];
      source.like = context.input(i);
      source.network_input = source.tensor == context.model.input;
      const bool pixel = source.like.height == 1 && source.like.width == 1;
      source.copied = source.like.kind == QTensorKind::kCodes ||
                      (source.like.kind == QTensorKind::kFloat && !source.network_input && !pixel);
      if (source.copied) scratch_ += elements(source.like);
      sources_.push_back(std::move(source));
    }
    if (out_.kind == QTensorKind::kCodes) scratch_ += elements(out_);
  }

  const char* kernel() const noexcept override { return name_.c_str(); }
  std::size_t scratch_bytes() const noexcept override {
    return static_cast<std::size_t>(scratch_) * sizeof(float);
  }
  const char* failure() const noexcept override { return failure_.load(); }

  void bind(const TensorMemory& memory) override {
    for (Source& source : sources_) {
      if (source.network_input) continue;
      if (source.like.kind == QTensorKind::kCodes) {
        source.codes = memory.codes(source.tensor);
      } else {
        source.values = memory.values(source.tensor);
      }
    }
    if (out_.kind == QTensorKind::kCodes) {
      codes_ = memory.codes(result_);
    } else {
      values_ = memory.values(result_);
    }
  }
  std::int64_t start(std::int64_t batch, const float* images) noexcept override {
    for (Source& source : sources_) {
      if (source.network_input) source.values = images;
    }
    failure_ = nullptr;
    return batch;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte* scratch) const noexcept override {
    for (std::int64_t image = begin; image < end; ++image) {
      try {
        run_image(image, reinterpret_cast<float*>(scratch));
      } catch (const std::exception&) {
        failure_ = "there was no memory for what the operator needs";
      }
    }
  }

 private:
  const float* lay_out(const Source& source, std::int64_t image, float*& scratch) const {
    if (!source.copied) return source.values + image * elements(source.like);
    float* begin = scratch;
    scratch += elements(source.like);
    if (source.like.kind == QTensorKind::kCodes) {
      kernels::ActivationView view = source.codes;
      view.data = view.at(image, 0, 0);
      read_dequantized(source.like, view, 1, begin);
    } else {
      read_values(source.like, source.values + image * elements(source.like), 1, begin);
    }
    return begin;
  }

  void run_image(std::int64_t image, float* scratch) const {
    std::vector<const float*> data;
    for (const Source& source : sources_) data.push_back(lay_out(source, image, scratch));
    if (out_.kind != QTensorKind::kCodes) {
      return call_.run(data, values_ + image * elements(out_));
    }
    call_.run(data, scratch);
    for (std::int32_t c = 0; c < out_.channels; ++c) {
      for (std::int32_t y = 0; y < out_.height; ++y) {
        for (std::int32_t x = 0; x < out_.width; ++x) {
          const float real = *scratch++;
          if (real != real) {
            failure_ = "its result is not a number, which has no code";
            return;
          }
          codes_.at(image, y, x)[c] = static_cast<std::uint8_t>(
              stored(out_, quantize(real, out_.scale, out_.zero_point, out_.grid)));
        }
      }
    }
  }

  const floatops::BoundCall call_;
  const std::string name_;
  std::vector<Source> sources_;
  const std::int32_t result_;
  const QTensor out_;
  std::int64_t scratch_ = 0;
  kernels::ActivationView codes_;
  float* values_ = nullptr;
  mutable std::atomic<const char*> failure_{nullptr};
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<IslandStep>(context);
}

}  // namespace

RuntimeOp island_runtime_op() { return {"island", nullptr, nullptr, prepare}; }

}  // namespace gradus
