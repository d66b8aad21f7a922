#include "gradus/kernels/pool/pool.h"

#include <optional>

#include "gradus/qmodel/geometry.h"
#include "gradus/quant/integer_pool.h"
#include "gradus/runtime/output_params.h"
#include "gradus/runtime/step.h"

namespace gradus {
namespace {

kernels::PoolShape shape_of(const QPool& op) {
  kernels::PoolShape shape;
  shape.kernel_h = op.kernel_h;
  shape.kernel_w = op.kernel_w;
  shape.stride_h = op.stride_h;
  shape.stride_w = op.stride_w;
  shape.dilation_h = op.dilation_h;
  shape.dilation_w = op.dilation_w;
  shape.pad_top = op.pad_top;
  shape.pad_left = op.pad_left;
  shape.pad_bottom = op.pad_bottom;
  shape.pad_right = op.pad_right;
  return shape;
}

class MaxPoolStep : public Step {
 public:
  explicit MaxPoolStep(const StepContext& context)
      : input_(context.node.inputs[0]),
        result_(context.node.output),
        kernel_(kernels::select_max_pool(context.isa)) {
    args_.shape = shape_of(context.op<QPool>());
  }
  const char* kernel() const noexcept override { return kernel_.name; }
  void bind(const TensorMemory& memory) override {
    args_.in = memory.codes(input_);
    args_.out = memory.codes(result_);
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
  const kernels::MaxPoolKernel& kernel_;
  kernels::MaxPoolArgs args_;
};

class AveragePoolStep : public Step {
 public:
  explicit AveragePoolStep(const StepContext& context)
      : input_(context.node.inputs[0]),
        result_(context.node.output),
        output_(context.output()),
        kernel_(kernels::select_average_pool(context.isa)) {
    const auto& op = context.op<QPool>();
    args_.shape = shape_of(op);
    args_.count_include_pad = op.count_padding;
    args_.zero_point = stored(context.input(), context.input().zero_point);
    args_.divides = output_.kind == QTensorKind::kCodes &&
                    make_integer_average_pool(context.model.profile, quantizer_of(context.input()),
                                              quantizer_of(output_), op.low, op.high, 1)
                        .divides;
    if (args_.divides) {
      args_.code_of_zero = output_.zero_point;
      args_.quant_min = output_.grid.quant_min;
      args_.low = op.low;
      args_.high = op.high;
      return;
    }
    args_.store = kernels::select_output_stage(context.isa).run;
    make_output_stages(context, op);
    args_.output = by_count_.data();
  }
  const char* kernel() const noexcept override { return kernel_.name; }
  void bind(const TensorMemory& memory) override {
    args_.in = memory.codes(input_);
    if (output_.kind == QTensorKind::kCodes) {
      args_.out = memory.codes(result_);
      return;
    }
    args_.out.height = output_.height;
    args_.out.width = output_.width;
    args_.out.channels = output_.channels;
    args_.out_float = memory.values(result_);
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * output_.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    kernel_.run(args_, begin, end);
  }

 private:
  // One a divisor that occurs: at the borders windows are cut.
  void make_output_stages(const StepContext& context, const QPool& op) {
    std::vector<std::optional<OutputParams>> made(
        static_cast<std::size_t>(op.kernel_h * op.kernel_w));
    by_count_.resize(made.size());
    const QTensor& in = context.input();
    for (std::int32_t y = 0; y < output_.height; ++y) {
      for (std::int32_t x = 0; x < output_.width; ++x) {
        const std::int32_t count =
            kernels::average_pool_count(args_.shape, op.count_padding, in.height, in.width, y, x);
        const auto index = static_cast<std::size_t>(count - 1);
        if (made[index]) continue;
        QOutputStage stage;
        stage.accumulator_scale = {average_unit(in.scale, count)};
        stage.low = op.low;
        stage.high = op.high;
        made[index].emplace(context.model.profile, stage, output_);
        by_count_[index] = made[index]->get();
      }
    }
    for (auto& params : made) {
      if (params) kept_.push_back(std::move(*params));
    }
  }

  const std::int32_t input_;
  const std::int32_t result_;
  const QTensor output_;
  const kernels::AveragePoolKernel& kernel_;
  std::vector<OutputParams> kept_;  // what by_count_ points into
  std::vector<kernels::OutputStageParams> by_count_;
  kernels::AveragePoolArgs args_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  if (context.op<QPool>().average) return std::make_unique<AveragePoolStep>(context);
  return std::make_unique<MaxPoolStep>(context);
}

}  // namespace

RuntimeOp pool_runtime_op() { return {"pool", nullptr, nullptr, prepare}; }

}  // namespace gradus
