#include <vector>

#include "gradus/kernels/copy/copy.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/step.h"

namespace gradus {
namespace {

class GatherStep : public Step {
 public:
  explicit GatherStep(const StepContext& context)
      : op_(context.op<QGather>()),
        in_(context.input()),
        input_(context.node.inputs[0]),
        result_(context.node.output) {}
  const char* kernel() const noexcept override { return "gather"; }
  void bind(const TensorMemory& memory) override {
    args_.in = memory.codes(input_);
    args_.out = memory.codes(result_);
    rows_ = offsets(op_.rows);
    columns_ = offsets(op_.columns);
    channels_ = offsets(op_.channels);
    args_.rows = rows_.data();
    args_.columns = columns_.data();
    args_.channels = channels_.data();
    args_.consecutive = true;
    for (std::size_t c = 0; c < channels_.size(); ++c) {
      if (channels_[c] != channels_[0] + static_cast<std::ptrdiff_t>(c)) args_.consecutive = false;
    }
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * args_.out.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    kernels::gather_rows(args_, begin, end);
  }

 private:
  // The coordinates never carry, so that their places in memory add up as they do.
  std::vector<std::ptrdiff_t> offsets(const std::vector<std::int32_t>& numbers) const {
    std::vector<std::ptrdiff_t> result;
    for (std::int32_t number : numbers) {
      const Place place = place_of(in_, number);
      result.push_back(place.row * args_.in.row_step + place.column * args_.in.pixel_step +
                       place.channel);
    }
    return result;
  }

  const QGather op_;
  const QTensor in_;
  const std::int32_t input_;
  const std::int32_t result_;
  std::vector<std::ptrdiff_t> rows_, columns_, channels_;
  kernels::GatherArgs args_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<GatherStep>(context);
}

}  // namespace

RuntimeOp gather_runtime_op() { return {"gather", nullptr, nullptr, prepare}; }

}  // namespace gradus
