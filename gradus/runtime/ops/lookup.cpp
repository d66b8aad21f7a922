#include "gradus/kernels/lookup/lookup.h"

#include <algorithm>
#include <vector>

#include "gradus/runtime/step.h"

namespace gradus {
namespace {

constexpr std::size_t kTableBytes = 256;  // what a kernel may read

class LookupStep : public Step {
 public:
  explicit LookupStep(const StepContext& context)
      : input_(context.node.inputs[0]),
        result_(context.node.output),
        tables_(tables_of(context)),
        kernel_(kernels::select_lookup(context.isa, tables_.size() > kTableBytes)) {}
  const char* kernel() const noexcept override { return kernel_.name; }
  void bind(const TensorMemory& memory) override {
    args_ = {tables_.data(), memory.codes(input_), memory.codes(result_),
             tables_.size() > kTableBytes ? static_cast<std::ptrdiff_t>(kTableBytes) : 0};
  }
  std::int64_t start(std::int64_t batch, const float*) noexcept override {
    return batch * args_.out.height;
  }
  void run(std::int64_t begin, std::int64_t end, std::byte*) const noexcept override {
    kernel_.run(args_, begin, end);
  }

 private:
  // Every table of the model filled up to 256 entries; the others are never looked up.
  static std::vector<std::uint8_t> tables_of(const StepContext& context) {
    const std::vector<std::uint8_t>& table = context.op<QLookup>().table;
    const Grid& grid = context.input().grid;
    const auto codes = static_cast<std::size_t>(grid.quant_max - grid.quant_min + 1);
    std::vector<std::uint8_t> tables(table.size() / codes * kTableBytes);
    for (std::size_t i = 0; i * codes < table.size(); ++i) {
      std::copy_n(table.data() + i * codes, codes, tables.data() + i * kTableBytes);
    }
    return tables;
  }

  const std::int32_t input_;
  const std::int32_t result_;
  const std::vector<std::uint8_t> tables_;
  const kernels::LookupKernel& kernel_;
  kernels::LookupArgs args_;
};

std::unique_ptr<Step> prepare(const StepContext& context) {
  return std::make_unique<LookupStep>(context);
}

}  // namespace

RuntimeOp lookup_runtime_op() { return {"lookup", nullptr, nullptr, prepare}; }

}  // namespace gradus
