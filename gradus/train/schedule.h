// The learning rate as a function of the step alone, so that a resumed run needs no history.
#pragma once

#include <cstdint>

#include "gradus/recipe/recipe.h"

namespace gradus {

// For step `step` of [0, total), `warmup` steps of which rise linearly to recipe.lr: (step + 1) /
// warmup of it. After them, with p the fraction of the remaining steps that is done:
//   cosine    lr * (1 + cos(pi * p)) / 2          (Loshchilov, Hutter, arXiv:1608.03983v5, eq. 5)
//   step      lr * gamma^(milestones m with step >= m * total)
//   constant  lr
// Throws Error (kInvalidArgument) naming the known ones if recipe.schedule is none of them.
double learning_rate(const TrainingRecipe& recipe, std::int64_t step, std::int64_t total,
                     std::int64_t warmup);

}  // namespace gradus
