#include "gradus/train/optimizer_kinds.h"

#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <tuple>
#include <utility>

#include "gradus/base/error.h"

namespace gradus {
namespace {

namespace optim = torch::optim;
using Groups = OptimizerKind::Groups;

template <typename Optim, typename Options>
std::unique_ptr<optim::Optimizer> make(Groups groups, const TrainingRecipe& recipe) {
  return std::make_unique<Optim>(std::move(groups), Options(recipe.lr));
}

std::unique_ptr<optim::OptimizerOptions> sgd_options(const TrainingRecipe& r, double decay) {
  auto options = std::make_unique<optim::SGDOptions>(r.lr);
  options->momentum(r.momentum).nesterov(r.nesterov).weight_decay(decay);
  return options;
}

ParameterState sgd_state(const optim::OptimizerParamState& from) {
  const auto& state = static_cast<const optim::SGDParamState&>(from);
  if (!state.momentum_buffer().defined()) return {};
  return {{{"momentum", state.momentum_buffer()}}};
}

std::unique_ptr<optim::OptimizerParamState> sgd_from(const ParameterState& from) {
  auto state = std::make_unique<optim::SGDParamState>();
  state->momentum_buffer(from.tensors.at("momentum"));
  return state;
}

OptimizerKind sgd() {
  return {"sgd",       false,
          false,       [](const TrainingRecipe&) { return std::vector<const char*>{"momentum"}; },
          sgd_options, make<optim::SGD, optim::SGDOptions>,
          sgd_state,   sgd_from};
}

// Adam and AdamW differ in where the weight decay goes alone.
template <typename Options>
std::unique_ptr<optim::OptimizerOptions> adam_options(const TrainingRecipe& r, double decay) {
  auto options = std::make_unique<Options>(r.lr);
  options->betas(std::make_tuple(r.betas[0], r.betas[1])).eps(r.epsilon).weight_decay(decay);
  return options;
}

template <typename State>
ParameterState adam_state(const optim::OptimizerParamState& from) {
  const auto& state = static_cast<const State&>(from);
  return {{{"mean", state.exp_avg()}, {"square", state.exp_avg_sq()}}, state.step()};
}

template <typename State>
std::unique_ptr<optim::OptimizerParamState> adam_from(const ParameterState& from) {
  auto state = std::make_unique<State>();
  state->exp_avg(from.tensors.at("mean"));
  state->exp_avg_sq(from.tensors.at("square"));
  state->step(from.step);
  return state;
}

template <typename Optim, typename Options, typename State>
OptimizerKind adam(const char* name) {
  return {name,
          true,
          false,
          [](const TrainingRecipe&) { return std::vector<const char*>{"mean", "square"}; },
          adam_options<Options>,
          make<Optim, Options>,
          adam_state<State>,
          adam_from<State>};
}

std::unique_ptr<optim::OptimizerOptions> rmsprop_options(const TrainingRecipe& r, double decay) {
  auto options = std::make_unique<optim::RMSpropOptions>(r.lr);
  options->alpha(r.smoothing).momentum(r.momentum).eps(r.epsilon).weight_decay(decay);
  return options;
}

std::vector<const char*> rmsprop_tensors(const TrainingRecipe& recipe) {
  if (recipe.momentum > 0.0) return {"square", "momentum"};
  return {"square"};
}

ParameterState rmsprop_state(const optim::OptimizerParamState& from) {
  const auto& state = static_cast<const optim::RMSpropParamState&>(from);
  ParameterState result{{{"square", state.square_avg()}}, state.step()};
  if (state.momentum_buffer().defined()) result.tensors["momentum"] = state.momentum_buffer();
  return result;
}

std::unique_ptr<optim::OptimizerParamState> rmsprop_from(const ParameterState& from) {
  auto state = std::make_unique<optim::RMSpropParamState>();
  state->square_avg(from.tensors.at("square"));
  if (from.tensors.contains("momentum")) state->momentum_buffer(from.tensors.at("momentum"));
  state->step(from.step);
  return state;
}

OptimizerKind rmsprop() {
  return {"rmsprop",       true,
          false,           rmsprop_tensors,
          rmsprop_options, make<optim::RMSprop, optim::RMSpropOptions>,
          rmsprop_state,   rmsprop_from};
}

std::unique_ptr<optim::OptimizerOptions> adagrad_options(const TrainingRecipe& r, double decay) {
  auto options = std::make_unique<optim::AdagradOptions>(r.lr);
  options->eps(r.epsilon).weight_decay(decay);
  return options;
}

ParameterState adagrad_state(const optim::OptimizerParamState& from) {
  const auto& state = static_cast<const optim::AdagradParamState&>(from);
  return {{{"sum", state.sum()}}, state.step()};
}

std::unique_ptr<optim::OptimizerParamState> adagrad_from(const ParameterState& from) {
  auto state = std::make_unique<optim::AdagradParamState>();
  state->sum(from.tensors.at("sum"));
  state->step(from.step);
  return state;
}

OptimizerKind adagrad() {
  return {"adagrad",
          true,
          true,
          [](const TrainingRecipe&) { return std::vector<const char*>{"sum"}; },
          adagrad_options,
          make<optim::Adagrad, optim::AdagradOptions>,
          adagrad_state,
          adagrad_from};
}

}  // namespace

std::span<const OptimizerKind> optimizer_kinds() {
  static const std::vector<OptimizerKind> kinds = {
      sgd(), adam<optim::Adam, optim::AdamOptions, optim::AdamParamState>("adam"),
      adam<optim::AdamW, optim::AdamWOptions, optim::AdamWParamState>("adamw"), rmsprop(),
      adagrad()};
  return kinds;
}

const OptimizerKind& find_optimizer_kind(const std::string& name) {
  std::string known;
  for (const OptimizerKind& kind : optimizer_kinds()) {
    if (name == kind.name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  throw Error(ErrorCode::kInvalidArgument,
              "training.optimizer is '" + name + "'; expected one of " + known);
}

}  // namespace gradus
