#include "gradus/floatops/float_call.h"

#include "gradus/base/check.h"
#include "gradus/floatops/cells.h"

namespace gradus::floatops {
namespace {

std::int64_t size_of(const Shape& shape) { return product(shape, 0, shape.size()); }

const FloatCall& checked(const FloatCall& call) {
  check_call(call);
  return call;
}

}  // namespace

std::int64_t call_macs(const FloatCall& call) {
  const auto in = [&](std::size_t i) -> const Shape& { return call.inputs[i].shape; };
  if (call.type == "Conv") return size_of(in(1)) * product(call.output, 2, 4);
  if (call.type == "ConvTranspose") return size_of(in(1)) * product(in(0), 2, 4);
  if (call.type == "Gemm") return size_of(in(1));
  if (call.type == "MatMul") return size_of(call.output) * in(0).back();
  return 0;
}

BoundCall::BoundCall(FloatCall call)
    : call_(std::move(call)),
      op_(find_float_op(checked(call_).type)),
      attributes_(call_.attributes),
      output_elements_(size_of(call_.output)) {
  for (std::size_t i = 0; i < call_.inputs.size(); ++i) {
    if (call_.inputs[i].kind == InputKind::kData) data_inputs_.push_back(i);
  }
}

std::int64_t BoundCall::elements(std::size_t data_input) const {
  return size_of(call_.inputs[data_inputs_.at(data_input)].shape);
}

void BoundCall::run(std::span<const float* const> data, float* out) const {
  check(data.size() == data_inputs_.size(), "a float call with another number of inputs");
  std::vector<FloatInput> inputs;
  std::size_t next = 0;
  for (const CallInput& input : call_.inputs) {
    FloatInput& given = inputs.emplace_back();
    if (input.kind == InputKind::kLeftOut) continue;
    given.shape = input.shape;
    given.data = input.kind == InputKind::kConstant
                     ? std::span<const float>(input.values)
                     : std::span(data[next++], static_cast<std::size_t>(size_of(input.shape)));
  }
  const std::span<float> result(out, static_cast<std::size_t>(output_elements_));
  const FloatOutput output{result, call_.output};
  run_float_op(*op_, attributes_, inputs, {&output, 1});
  for (float& y : result) {
    y = y < call_.low ? call_.low : y > call_.high ? call_.high : y;
  }
}

}  // namespace gradus::floatops
