#include "gradus/runtime/conv_step.h"

#include <algorithm>

#include "gradus/runtime/aligned_array.h"
#include "gradus/runtime/output_params.h"

namespace gradus {
namespace {

// Weight codes minus their zero points: [out, taps].
std::vector<std::int16_t> centered(const QWeights& weights, std::size_t channels) {
  std::vector<std::int16_t> result(weights.codes.size());
  const std::size_t taps = weights.codes.size() / channels;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t zero = weights.zero_point.size() == 1 ? 0 : i / taps;
    result[i] = static_cast<std::int16_t>(weights.codes[i] - weights.zero_point[zero]);
  }
  return result;
}

std::string reasons(const kernels::ConvProblem& problem, Isa isa,
                    const kernels::ConvKernel& chosen) {
  std::string text;
  for (const kernels::ConvKernel& kernel : kernels::conv_kernels()) {
    if (&kernel == &chosen) break;
    if (kernel.isa > isa) continue;
    const char* reason = kernel.unsupported(problem);
    if (reason == nullptr) continue;
    text += std::string(text.empty() ? "" : "; ") + kernel.name + ": " + reason;
  }
  return text;
}

class ConvStep : public Step {
 public:
  ConvStep(const StepContext& context, const LinearLayerView& layer)
      : shape_(layer.shape),
        output_(context.model.profile, layer.output, context.output()),
        input_(context.node.inputs[0]),
        result_(context.node.output),
        floats_(context.output().kind == QTensorKind::kFloat) {
    const auto weights = centered(layer.weights, static_cast<std::size_t>(shape_.out_channels));
    const auto [least, largest] = std::minmax_element(weights.begin(), weights.end());
    const QTensor& in = context.input();
    const kernels::ConvProblem problem = {shape_, stored(in, in.grid.quant_max), weights, *least,
                                          *largest};
    kernel_ = &kernels::select_conv(problem, context.isa);
    refusals_ = reasons(problem, context.isa, *kernel_);
    packed_ = AlignedArray<std::byte>(kernel_->packed_bytes(problem));
    kernel_->pack(problem, packed_.data());
    fold_bias(layer.bias, weights, stored(in, in.zero_point));
    store_ = kernels::select_output_stage(context.isa).run;
  }

  const char* kernel() const noexcept override { return kernel_->name; }
  std::string refusals() const override { return refusals_; }
  std::size_t scratch_bytes() const noexcept override { return kernel_->scratch_bytes(shape_); }

  void bind(const TensorMemory& memory) override {
    args_.shape = &shape_;
    args_.packed = packed_.data();
    args_.bias = bias_.data();
    args_.store = store_;
    args_.output = &output_.get();
    args_.in = memory.codes(input_);
    if (floats_) {
      args_.out_float = memory.values(result_);
    } else {
      args_.out = memory.codes(result_);
    }
  }

  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    args_.batch = static_cast<std::int32_t>(batch);
    return kernel_->work_items(shape_, batch);
  }

  void run(std::int64_t begin, std::int64_t end, std::byte* scratch) const noexcept override {
    kernel_->run(args_, begin, end, scratch);
  }

 private:
  // sum w * (code - zero) = sum w * code - zero * sum w. validate() has bounded the result.
  void fold_bias(std::span<const std::int32_t> bias, std::span<const std::int16_t> weights,
                 std::int32_t zero_point) {
    bias_ = AlignedArray<std::int32_t>(padded_channels(shape_.out_channels));
    const std::size_t taps = weights.size() / bias.size();
    for (std::size_t c = 0; c < bias.size(); ++c) {
      std::int64_t sum = 0;
      for (std::int16_t weight : weights.subspan(c * taps, taps)) sum += weight;
      bias_[c] = static_cast<std::int32_t>(bias[c] - zero_point * sum);
    }
  }

  const kernels::ConvShape shape_;
  const OutputParams output_;
  const std::int32_t input_;
  const std::int32_t result_;
  const bool floats_;
  const kernels::ConvKernel* kernel_ = nullptr;
  std::string refusals_;
  AlignedArray<std::byte> packed_;
  AlignedArray<std::int32_t> bias_;
  kernels::OutputStageFn store_ = nullptr;
  kernels::ConvArgs args_;
};

}  // namespace

std::unique_ptr<Step> make_conv_step(const StepContext& context, const LinearLayerView& layer) {
  return std::make_unique<ConvStep>(context, layer);
}

}  // namespace gradus
