#include "gradus/train/optimizer.h"

#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <array>

#include "gradus/base/error.h"

namespace gradus {
namespace {

std::unique_ptr<torch::optim::OptimizerOptions> options_of(const TrainingRecipe& recipe,
                                                           double weight_decay) {
  if (recipe.optimizer == "sgd") {
    auto options = torch::optim::SGDOptions(recipe.lr);
    options.momentum(recipe.momentum).nesterov(recipe.nesterov).weight_decay(weight_decay);
    return std::make_unique<torch::optim::SGDOptions>(options);
  }
  auto options = torch::optim::AdamOptions(recipe.lr);
  options.weight_decay(weight_decay);
  return std::make_unique<torch::optim::AdamOptions>(options);
}

Tensor saved(const at::Tensor& tensor) { return from_torch(tensor); }

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

}  // namespace

Optimizer::Optimizer(const TrainingRecipe& recipe,
                     const std::vector<Network::Parameter>& parameters)
    : recipe_(recipe), parameters_(parameters) {
  if (recipe.optimizer != "sgd" && recipe.optimizer != "adam") {
    throw Error(ErrorCode::kInvalidArgument,
                "training.optimizer is '" + recipe.optimizer + "'; expected sgd or adam");
  }
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (Network::Kind kind :
       {Network::Kind::kWeights, Network::Kind::kAffine, Network::Kind::kScale}) {
    std::vector<at::Tensor> tensors;
    for (const auto& parameter : parameters) {
      if (parameter.kind == kind) tensors.push_back(parameter.tensor);
    }
    const double decay = kind == Network::Kind::kWeights ? recipe.weight_decay : 0.0;
    groups.emplace_back(std::move(tensors), options_of(recipe, decay));
  }
  if (recipe.optimizer == "sgd") {
    optimizer_ =
        std::make_unique<torch::optim::SGD>(std::move(groups), torch::optim::SGDOptions(recipe.lr));
  } else {
    optimizer_ = std::make_unique<torch::optim::Adam>(std::move(groups),
                                                      torch::optim::AdamOptions(recipe.lr));
  }
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
    if (recipe_.optimizer == "sgd") {
      const auto& state = static_cast<const torch::optim::SGDParamState&>(*found->second);
      if (state.momentum_buffer().defined()) {
        checkpoint.tensors[prefix + "momentum"] = saved(state.momentum_buffer());
      }
      continue;
    }
    const auto& state = static_cast<const torch::optim::AdamParamState&>(*found->second);
    checkpoint.tensors[prefix + "mean"] = saved(state.exp_avg());
    checkpoint.tensors[prefix + "square"] = saved(state.exp_avg_sq());
    const std::array<std::int64_t, 1> step = {state.step()};
    checkpoint.tensors[prefix + "step"] = Tensor::from<std::int64_t>({1}, step);
  }
}

void Optimizer::load(const Checkpoint& checkpoint, const std::string& where) {
  for (const auto& parameter : parameters_) {
    const std::string prefix = "optimizer/" + parameter.name + "/";
    auto& slot = optimizer_->state()[parameter.tensor.unsafeGetTensorImpl()];
    const at::Tensor like = parameter.tensor.detach();
    if (recipe_.optimizer == "sgd") {
      if (!checkpoint.tensors.contains(prefix + "momentum")) {
        optimizer_->state().erase(parameter.tensor.unsafeGetTensorImpl());
        continue;
      }
      auto state = std::make_unique<torch::optim::SGDParamState>();
      state->momentum_buffer(restored(checkpoint, prefix + "momentum", like, where));
      slot = std::move(state);
      continue;
    }
    if (!checkpoint.tensors.contains(prefix + "step")) {
      optimizer_->state().erase(parameter.tensor.unsafeGetTensorImpl());
      continue;
    }
    const Tensor& step = checkpoint.tensors.at(prefix + "step");
    if (step.dtype() != DType::kInt64 || step.size() != 1) {
      throw Error(ErrorCode::kInvalidFile, where + ": '" + prefix + "step' is no single int64");
    }
    auto state = std::make_unique<torch::optim::AdamParamState>();
    state->exp_avg(restored(checkpoint, prefix + "mean", like, where));
    state->exp_avg_sq(restored(checkpoint, prefix + "square", like, where));
    state->step(step.as<std::int64_t>()[0]);
    slot = std::move(state);
  }
}

}  // namespace gradus
