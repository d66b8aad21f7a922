// libtorch's optimisers over a network's parameters: groups, learning rate, clipping, state.
#pragma once

#include <memory>
#include <vector>

#include "gradus/checkpoint/checkpoint.h"
#include "gradus/recipe/recipe.h"
#include "gradus/train/network.h"

namespace torch::optim {
class Optimizer;
}

namespace gradus {

struct OptimizerKind;

class Optimizer {
 public:
  // Three groups: weights with weight decay; biases, gammas, betas without; learned scales without,
  // at quantizer_lr times the rate. Throws Error (kInvalidArgument) if recipe.optimizer is
  // none of optimizer_kinds().
  Optimizer(const TrainingRecipe& recipe, const std::vector<Network::Parameter>& parameters);
  Optimizer(Optimizer&&) noexcept;
  ~Optimizer();

  void zero_grad();
  // Clips the norm of all gradients together to recipe.clip_grad_norm if that is > 0, then steps.
  void step(double lr);

  // Momentum and the like under "optimizer/<parameter>/...".
  void save(Checkpoint& checkpoint) const;
  // Throws Error (kInvalidFile), starting with `where`, if a tensor is missing or does not fit.
  void load(const Checkpoint& checkpoint, const std::string& where);

 private:
  TrainingRecipe recipe_;
  std::vector<Network::Parameter> parameters_;
  const OptimizerKind& kind_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

}  // namespace gradus
