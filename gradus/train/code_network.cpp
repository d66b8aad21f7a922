#include "gradus/train/code_network.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/island_form.h"
#include "gradus/train/code_loops.h"
#include "gradus/train/group_codes.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

CodeFunction codes_of(const CodeContext& context, const Node& root) {
  switch (form_of(context.graph, root)) {
    case Form::kActivation:
      return activation_code_function(context, root);
    case Form::kMovement:
      return movement_code_function(context, root);
    default:
      check(find_train_op(root).codes != nullptr, "every integer form has its evaluation");
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
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Step step;
    step.output = node.outputs.at(0);
    if (runs_in_integers(graph, node)) {
      step.inner = is_inner(node);
      if (!step.inner) step.inputs = data_inputs(graph, node);
      if (!step.inner) step.codes = codes_of(context_, node);
    } else {
      IslandForm form = island_form(graph, node);
      step.inputs = std::move(form.inputs);
      step.island = std::make_shared<const floatops::BoundCall>(std::move(form.call));
    }
    for (ValueId id : step.inputs) last_use_[static_cast<std::size_t>(id)] = i;
    steps_.push_back(std::move(step));
  }
  for (ValueId id : graph.outputs) last_use_[static_cast<std::size_t>(id)] = graph.nodes.size();
}

namespace {

// Image by image, as the engine does.
at::Tensor run_island(const floatops::BoundCall& call, std::span<const at::Tensor> inputs) {
  std::vector<at::Tensor> rows;
  for (const at::Tensor& input : inputs) rows.push_back(input.contiguous());
  Shape shape = call.call().output;
  shape[0] = rows.at(0).size(0);
  at::Tensor result = at::empty(shape, at::kFloat);
  float* out = result.mutable_data_ptr<float>();
  at::parallel_for(0, shape[0], 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<const float*> data(rows.size());
    for (std::int64_t image = begin; image < end; ++image) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        data[i] = rows[i].const_data_ptr<float>() + image * call.elements(i);
      }
      call.run(data, out + image * call.output_elements());
    }
  });
  return shape.size() == 4 ? result.contiguous(at::MemoryFormat::ChannelsLast) : result;
}

}  // namespace

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
    store(step.output, step.codes ? step.codes(inputs)
                                  : to_codes(step.output, run_island(*step.island, inputs)));
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
