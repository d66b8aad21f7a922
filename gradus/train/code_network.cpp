#include "gradus/train/code_network.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/train/code_loops.h"
#include "gradus/train/group_codes.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

// Of the root of a group.
bool is_integer_node(const CodeContext& context, const Node& node) {
  const IntegerOp* form = find_integer_op(context.graph, node);
  const bool known = form_of(context.graph, node) != Form::kOwn || find_train_op(node).codes;
  if (!known || form == nullptr || no_integer_form(context.graph, node)) return false;
  const std::vector<ValueId> inputs = data_inputs(context.graph, node);
  if (!std::all_of(inputs.begin(), inputs.end(),
                   [&](ValueId id) { return context.is_codes(id); })) {
    return false;
  }
  if (form->role == Role::kLinear && !context.is_codes(node.inputs.at(1))) return false;
  return form->float_output || context.is_codes(node.outputs.at(0));
}

CodeFunction codes_of(const CodeContext& context, const Node& root) {
  switch (form_of(context.graph, root)) {
    case Form::kActivation:
      return activation_code_function(context, root);
    case Form::kMovement:
      return movement_code_function(context, root);
    default:
      return find_train_op(root).codes(context, root);
  }
}

// NNPACK computes convolutions by Winograd's or Fourier's transform, which is not exact; libtorch
// would choose it where oneDNN is not built in.
class ExactConvolutions {
 public:
  ExactConvolutions() : before_(at::globalContext().userEnabledNNPACK()) {
    at::globalContext().setUserEnabledNNPACK(false);
  }
  ~ExactConvolutions() { at::globalContext().setUserEnabledNNPACK(before_); }

 private:
  bool before_;
};

}  // namespace

CodeNetwork::CodeNetwork(const Graph& graph, Profile profile)
    : context_{graph, profile}, last_use_(graph.values.size(), 0) {
  bool any_island = false;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Step step;
    step.output = node.outputs.at(0);
    if (is_integer_node(context_, root_of(graph, node))) {
      step.inner = is_inner(node);
      if (!step.inner) step.inputs = data_inputs(graph, node);
      if (!step.inner) step.codes = codes_of(context_, node);
    } else {
      any_island = true;
      for (ValueId id : node.inputs) {
        if (id != kNoValue && !graph.value(id).constant) step.inputs.push_back(id);
      }
    }
    for (ValueId id : step.inputs) last_use_[static_cast<std::size_t>(id)] = i;
    steps_.push_back(std::move(step));
  }
  for (ValueId id : graph.outputs) last_use_[static_cast<std::size_t>(id)] = graph.nodes.size();
  if (any_island) islands_ = std::make_unique<Network>(graph);
}

at::Tensor CodeNetwork::to_reals(ValueId id, const at::Tensor& value) const {
  return context_.is_codes(id) ? value * context_.quantizer(id).scale : value;
}

at::Tensor CodeNetwork::to_codes(ValueId id, const at::Tensor& reals) const {
  if (!context_.is_codes(id)) return reals;
  const ActivationQuantizer quantizer = context_.quantizer(id);
  if (at::isnan(reals).any().item<bool>()) {
    throw Error(ErrorCode::kFailed, "value '" + context_.graph.value(id).name +
                                        "' is not a number where it is quantized");
  }
  const at::Tensor x = reals.is_non_overlapping_and_dense() ? reals : reals.contiguous();
  at::Tensor codes = at::empty_like(x);
  const float* from = x.const_data_ptr<float>();
  float* to = codes.mutable_data_ptr<float>();
  parallel_elements(x.numel(), [&](std::int64_t begin, std::int64_t end) {
    quantize_all(from + begin, to + begin, end - begin, quantizer.scale, quantizer.zero_point,
                 quantizer.grid);
  });
  return codes;
}

std::vector<at::Tensor> CodeNetwork::run(const at::Tensor& images, const OnCodes& on_codes) {
  const at::NoGradGuard no_grad;
  const ExactConvolutions exact;
  const Graph& graph = context_.graph;
  std::vector<at::Tensor> values(graph.values.size());
  const auto store = [&](ValueId id, const at::Tensor& value) {
    values[static_cast<std::size_t>(id)] = value;
    if (on_codes && context_.is_codes(id)) on_codes(id, value);
  };
  store(graph.inputs.at(0), to_codes(graph.inputs[0], images));
  std::vector<at::Tensor> inputs;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (step.inner) continue;
    inputs.clear();
    for (ValueId id : step.inputs) {
      const at::Tensor& value = values[static_cast<std::size_t>(id)];
      inputs.push_back(step.codes ? value : to_reals(id, value));
    }
    store(step.output,
          step.codes ? step.codes(inputs) : to_codes(step.output, islands_->run_node(i, inputs)));
    for (ValueId id : step.inputs) {
      if (last_use_[static_cast<std::size_t>(id)] == i)
        values[static_cast<std::size_t>(id)].reset();
    }
  }
  std::vector<at::Tensor> outputs;
  for (ValueId id : graph.outputs) {
    outputs.push_back(to_reals(id, values[static_cast<std::size_t>(id)]));
  }
  return outputs;
}

}  // namespace gradus
