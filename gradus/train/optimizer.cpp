#include "gradus/train/optimizer.h"

#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/optimizer.h>

#include <array>

#include "gradus/base/error.h"
#include "gradus/train/optimizer_kinds.h"

namespace gradus {
namespace {

at::Tensor restored(const Checkpoint& checkpoint, const std::string& name, const at::Tensor& like,
                    const std::string& where) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end() || found->second.dtype() != DType::kFloat32 ||
      found->second.shape() != like.sizes().vec()) {
    throw Error(ErrorCode::kInvalidFile,
                where + ": tensor '" + name + "' is missing or does not fit its parameter");
  }
  return at::empty_like(like).copy_(to_torch(found->second));
}

std::int64_t restored_step(const Checkpoint& checkpoint, const std::string& name,
                           const std::string& where) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end() || found->second.dtype() != DType::kInt64 ||
      found->second.size() != 1) {
    throw Error(ErrorCode::kInvalidFile, where + ": '" + name + "' is no single int64");
  }
  return found->second.as<std::int64_t>()[0];
}

}  // namespace

Optimizer::Optimizer(const TrainingRecipe& recipe,
                     const std::vector<Network::Parameter>& parameters)
    : recipe_(recipe), parameters_(parameters), kind_(find_optimizer_kind(recipe.optimizer)) {
  OptimizerKind::Groups groups;
  for (Network::Kind kind :
       {Network::Kind::kWeights, Network::Kind::kAffine, Network::Kind::kScale}) {
    std::vector<at::Tensor> tensors;
    for (const auto& parameter : parameters) {
      if (parameter.kind == kind) tensors.push_back(parameter.tensor);
    }
    const double decay = kind == Network::Kind::kWeights ? recipe.weight_decay : 0.0;
    groups.emplace_back(std::move(tensors), kind_.options(recipe, decay));
  }
  optimizer_ = kind_.make(std::move(groups), recipe);
}

Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer::~Optimizer() = default;

void Optimizer::zero_grad() { optimizer_->zero_grad(); }

void Optimizer::step(double lr) {
  auto& groups = optimizer_->param_groups();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i].options().set_lr(i == 2 ? lr * recipe_.quantizer_lr : lr);
  }
  if (recipe_.clip_grad_norm > 0.0) {
    std::vector<at::Tensor> tensors;
    for (const auto& parameter : parameters_) tensors.push_back(parameter.tensor);
    torch::nn::utils::clip_grad_norm_(tensors, recipe_.clip_grad_norm);
  }
  optimizer_->step();
}

void Optimizer::save(Checkpoint& checkpoint) const {
  for (const auto& parameter : parameters_) {
    const auto found = optimizer_->state().find(parameter.tensor.unsafeGetTensorImpl());
    if (found == optimizer_->state().end()) continue;
    const std::string prefix = "optimizer/" + parameter.name + "/";
    const ParameterState state = kind_.state_of(*found->second);
    for (const auto& [name, tensor] : state.tensors) {
      checkpoint.tensors[prefix + name] = from_torch(tensor);
    }
    if (!kind_.counts_steps) continue;
    const std::array<std::int64_t, 1> step = {state.step};
    checkpoint.tensors[prefix + "step"] = Tensor::from<std::int64_t>({1}, step);
  }
}

void Optimizer::load(const Checkpoint& checkpoint, const std::string& where) {
  for (const auto& parameter : parameters_) {
    const std::string prefix = "optimizer/" + parameter.name + "/";
    const auto names = kind_.tensors(recipe_);
    const std::string first = prefix + (kind_.counts_steps ? "step" : names.front());
    if (!kind_.has_state_at_start && !checkpoint.tensors.contains(first)) {
      optimizer_->state().erase(parameter.tensor.unsafeGetTensorImpl());  // no step was taken
      continue;
    }
    ParameterState state;
    if (kind_.counts_steps) state.step = restored_step(checkpoint, prefix + "step", where);
    for (const char* name : names) {
      state.tensors[name] = restored(checkpoint, prefix + name, parameter.tensor.detach(), where);
    }
    optimizer_->state()[parameter.tensor.unsafeGetTensorImpl()] = kind_.state_from(state);
  }
}

}  // namespace gradus
