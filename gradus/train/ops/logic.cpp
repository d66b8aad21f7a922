// Comparisons, logic, choice, conversion and search. Bools and integers are floats that stand for
// them (docs/numerics.md section 9).
#include <ATen/ATen.h>

#include "gradus/floatops/float_op.h"
#include "gradus/graph/ops/evaluation.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

using Inputs = std::span<const at::Tensor>;

// What is computed without a gradient is computed as everywhere: by floatops.
at::Tensor by_floatops(const FloatContext&, const Node& node, Inputs in) {
  std::vector<at::Tensor> rows;
  std::vector<floatops::FloatInput> inputs;
  for (const at::Tensor& x : in) {
    rows.push_back(x.detach().contiguous());
    const auto size = static_cast<std::size_t>(rows.back().numel());
    inputs.push_back({{rows.back().const_data_ptr<float>(), size}, rows.back().sizes().vec()});
  }
  std::vector<std::int64_t> shape =
      in.size() == 2 ? at::infer_size(in[0].sizes(), in[1].sizes()) : in[0].sizes().vec();
  if (node.attributes.contains("select_last_index")) {
    shape[static_cast<std::size_t>(node.integer("axis", 0))] = 1;
  }
  at::Tensor out = at::empty(shape, at::kFloat);
  const auto size = static_cast<std::size_t>(out.numel());
  const floatops::FloatOutput output{{out.mutable_data_ptr<float>(), size}, shape};
  floatops::run_float_op(*floatops::find_float_op(node.op), ops::float_attributes(node), inputs,
                         {&output, 1});
  return out;
}

at::Tensor choose(const FloatContext&, const Node&, Inputs in) {
  return at::where(in[0] != 0.0, in[1], in[2]);
}

// A gradient goes through where the number stays what it is.
at::Tensor cast(const FloatContext& context, const Node& node, Inputs in) {
  constexpr std::int64_t kFloat32 = 1;
  if (node.integer("to", 0) == kFloat32) return in[0];
  return by_floatops(context, node, in);
}

}  // namespace

TrainOpFamily logic_train_op() {
  TrainOpFamily family = {{.op = "Where", .forward = choose}, {.op = "Cast", .forward = cast}};
  for (const char* op : {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or",
                         "Xor", "Not", "ArgMax", "ArgMin"}) {
    family.push_back({.op = op, .forward = by_floatops});
  }
  return family;
}

}  // namespace gradus
