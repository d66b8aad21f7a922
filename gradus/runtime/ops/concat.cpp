#include "gradus/kernels/copy/copy.h"
#include "gradus/kernels/lookup/lookup.h"
#include "gradus/runtime/rescale_table.h"

namespace gradus {
namespace {

class ConcatStep : public Step {
 public:
  explicit ConcatStep(const StepContext& context)
      : result_(context.node.output), kernel_(kernels::select_lookup(context.isa)) {
    const auto& op = context.op<QConcat>();
    for (std::size_t i = 0; i < context.node.inputs.size(); ++i) {
      Part part;
      part.input = context.node.inputs[i];
      part.table = make_rescale_table(context.model.profile, context.input(i), context.output(),
                                      op.low, op.high);
      part.copied = keeps_codes(part.table, context.input(i));
      copies_only_ = copies_only_ && part.copied;
      parts_.push_back(part);
    }
  }
  const char* kernel() const noexcept override { return copies_only_ ? "copy" : kernel_.name; }
  void bind(const TensorMemory& memory) override {
    // Each input fills a range of the channels of every pixel.
    kernels::ActivationView slice = memory.codes(result_);
    height_ = slice.height;
    for (Part& part : parts_) {
      part.in = memory.codes(part.input);
      slice.channels = part.in.channels;
      part.out = slice;
      slice.data += part.in.channels;
    }
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override { return batch * height_; }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    for (const Part& part : parts_) {
      if (part.copied) {
        kernels::copy_rows(part.in, part.out, begin, end);
      } else {
        kernel_.run({part.table.data(), part.in, part.out}, begin, end);
      }
    }
  }

 private:
  struct Part {
    std::int32_t input = 0;
    bool copied = false;
    CodeTable table = {};
    kernels::ActivationView in, out;
  };
  const std::int32_t result_;
  const kernels::LookupKernel& kernel_;
  std::vector<Part> parts_;
  bool copies_only_ = true;
  std::int32_t height_ = 1;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<ConcatStep>(context);
}

}  // namespace

RuntimeOp concat_runtime_op() { return {"concat", nullptr, nullptr, prepare}; }

}  // namespace gradus
