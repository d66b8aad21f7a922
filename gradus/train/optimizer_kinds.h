// libtorch's optimisers under the names of recipes, and what each keeps of every parameter.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradus/recipe/recipe.h"

namespace torch::optim {
class Optimizer;
class OptimizerOptions;
class OptimizerParamGroup;
class OptimizerParamState;
}  // namespace torch::optim

namespace gradus {

// What an optimiser knows about one parameter.
struct ParameterState {
  std::map<std::string, at::Tensor> tensors;  // of the parameter's shape
  std::int64_t step = -1;                     // steps taken; -1 where it does not count them
};

struct OptimizerKind {
  using Groups = std::vector<torch::optim::OptimizerParamGroup>;

  const char* name;
  bool counts_steps;
  bool has_state_at_start;  // before the first step; else there is none until then
  std::vector<const char*> (*tensors)(const TrainingRecipe& recipe);  // names in ParameterState
  std::unique_ptr<torch::optim::OptimizerOptions> (*options)(const TrainingRecipe& recipe,
                                                             double weight_decay);
  std::unique_ptr<torch::optim::Optimizer> (*make)(Groups groups, const TrainingRecipe& recipe);
  ParameterState (*state_of)(const torch::optim::OptimizerParamState& state);
  std::unique_ptr<torch::optim::OptimizerParamState> (*state_from)(const ParameterState& state);
};

std::span<const OptimizerKind> optimizer_kinds();

// Throws Error (kInvalidArgument) naming the known ones.
const OptimizerKind& find_optimizer_kind(const std::string& name);

}  // namespace gradus
