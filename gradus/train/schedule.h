// The learning rate as a function of the step alone, so that a resumed run needs no history.
#pragma once

#include <cstdint>

#include "gradus/recipe/recipe.h"

namespace gradus {

// For step `step` of [0, total), `warmup` steps of which rise linearly to recipe.lr: (step + 1) /
// warmup of it, or, where recipe.warmup_start s is given, s + (1 - s) * step / warmup of it. After
// them, with p the fraction of the remaining steps that is done:
//   cosine           from lr to min_lr along (1 + cos(pi * p)) / 2
//                    (Loshchilov, Hutter, arXiv:1608.03983v5, eq. 5)
//   cosine_restarts  the same again and again: the first time over restart_after of the remaining
//                    steps, then each time restart_factor times as long (there, section 3)
//   step             lr * gamma^(milestones m with step >= m * total)
//   exponential      lr * gamma^p
//   polynomial       from lr to min_lr along (1 - p)^power
//   one_cycle        half a cosine from warmup_start (0.04 unless given) of lr up to lr at the last
//                    warm-up step, and half a cosine down to min_lr at the last step
//                    (Smith, Topin, arXiv:1708.07120v3, section 3)
//   constant         lr
// Throws Error (kInvalidArgument) naming the known ones if recipe.schedule is none of them.
double learning_rate(const TrainingRecipe& recipe, std::int64_t step, std::int64_t total,
                     std::int64_t warmup);

}  // namespace gradus
