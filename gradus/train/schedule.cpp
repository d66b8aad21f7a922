#include "gradus/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gradus/base/error.h"

namespace gradus {

double learning_rate(const TrainingRecipe& recipe, std::int64_t step, std::int64_t total,
                     std::int64_t warmup) {
  if (step < warmup) {
    return recipe.lr * static_cast<double>(step + 1) / static_cast<double>(warmup);
  }
  if (recipe.schedule == "constant") return recipe.lr;
  if (recipe.schedule == "cosine") {
    const auto remaining = static_cast<double>(std::max<std::int64_t>(total - warmup, 1));
    const double part = static_cast<double>(step - warmup) / remaining;
    return recipe.lr * (1.0 + std::cos(std::numbers::pi * part)) / 2.0;
  }
  if (recipe.schedule == "step") {
    double lr = recipe.lr;
    for (double milestone : recipe.milestones) {
      // Rounded: 0.7 * 10 is a little less than 7.
      if (step >= std::llround(milestone * static_cast<double>(total))) lr *= recipe.gamma;
    }
    return lr;
  }
  throw Error(ErrorCode::kInvalidArgument,
              "training.schedule is '" + recipe.schedule + "'; expected cosine, step or constant");
}

}  // namespace gradus
