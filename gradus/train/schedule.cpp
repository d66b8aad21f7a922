#include "gradus/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// From `from` at part 0 to `to` at part 1 along half a wave.
double half_wave(double from, double to, double part) {
  return to + (from - to) * (1.0 + std::cos(std::numbers::pi * part)) / 2.0;
}

double part_of(std::int64_t step, std::int64_t steps) {
  return static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(steps, 1));
}

double warming(const TrainingRecipe& recipe, std::int64_t step, std::int64_t warmup) {
  if (!recipe.warmup_start) return recipe.lr * part_of(step + 1, warmup);
  const double start = *recipe.warmup_start;
  return recipe.lr * (start + (1.0 - start) * part_of(step, warmup));
}

double one_cycle(const TrainingRecipe& recipe, std::int64_t step, std::int64_t total,
                 std::int64_t warmup) {
  const std::int64_t peak = std::max<std::int64_t>(warmup - 1, 0);
  const double start = recipe.lr * recipe.warmup_start.value_or(0.04);
  if (step < peak) return half_wave(start, recipe.lr, part_of(step, peak));
  return half_wave(recipe.lr, recipe.min_lr, part_of(step - peak, total - 1 - peak));
}

double milestones(const TrainingRecipe& recipe, std::int64_t step, std::int64_t total) {
  double lr = recipe.lr;
  for (double milestone : recipe.milestones) {
    // Rounded: 0.7 * 10 is a little less than 7.
    if (step >= std::llround(milestone * static_cast<double>(total))) lr *= recipe.gamma;
  }
  return lr;
}

// Periods of steps after the warm-up, each restart_factor times as long as the one before.
double restarting(const TrainingRecipe& recipe, std::int64_t step, std::int64_t steps) {
  auto period =
      std::max<std::int64_t>(1, std::llround(recipe.restart_after * static_cast<double>(steps)));
  while (step >= period) {
    step -= period;
    period *= recipe.restart_factor;
  }
  return half_wave(recipe.lr, recipe.min_lr, part_of(step, period));
}

}  // namespace

double learning_rate(const TrainingRecipe& recipe, std::int64_t step, std::int64_t total,
                     std::int64_t warmup) {
  const std::string& schedule = recipe.schedule;
  if (schedule == "one_cycle") return one_cycle(recipe, step, total, warmup);
  if (step < warmup) return warming(recipe, step, warmup);
  const std::int64_t after = step - warmup;
  const std::int64_t remaining = total - warmup;
  const double part = part_of(after, remaining);
  if (schedule == "constant") return recipe.lr;
  if (schedule == "cosine") return half_wave(recipe.lr, recipe.min_lr, part);
  if (schedule == "cosine_restarts") return restarting(recipe, after, remaining);
  if (schedule == "exponential") return recipe.lr * std::pow(recipe.gamma, part);
  if (schedule == "polynomial") {
    const double left = std::pow(std::max(0.0, 1.0 - part), recipe.power);
    return recipe.min_lr + (recipe.lr - recipe.min_lr) * left;
  }
  if (schedule == "step") return milestones(recipe, step, total);
  throw Error(
      ErrorCode::kInvalidArgument,
      "training.schedule is '" + schedule +
          "'; expected cosine, cosine_restarts, step, exponential, polynomial, one_cycle or "
          "constant");
}

}  // namespace gradus
