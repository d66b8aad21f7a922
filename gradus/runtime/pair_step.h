// A step that makes each code of its output from one code of either input: additions, products.
#pragma once

#include "gradus/runtime/step.h"

namespace gradus {

// Args has the views a, b and out; Kernel its name and run(args, begin, end). What derives from
// this sets the numbers in args_.
template <typename Args, typename Kernel>
class PairStep : public Step {
 public:
  PairStep(const StepContext& context, const Kernel& kernel)
      : inputs_{context.node.inputs[0], context.node.inputs[1]},
        result_(context.node.output),
        kernel_(kernel) {}
  const char* kernel() const noexcept override { return kernel_.name; }
  void bind(const TensorMemory& memory) override {
    args_.out = memory.codes(result_);
    args_.a = kernels::broadcast_view(memory.codes(inputs_[0]), args_.out.height, args_.out.width);
    args_.b = kernels::broadcast_view(memory.codes(inputs_[1]), args_.out.height, args_.out.width);
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * args_.out.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    kernel_.run(args_, begin, end);
  }

 protected:
  Args args_;

 private:
  const std::int32_t inputs_[2];
  const std::int32_t result_;
  const Kernel& kernel_;
};

}  // namespace gradus
