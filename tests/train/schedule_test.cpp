#include "gradus/train/schedule.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace gradus {
namespace {

TrainingRecipe recipe_of(const std::string& schedule) {
  TrainingRecipe recipe;
  recipe.lr = 0.4;
  recipe.schedule = schedule;
  return recipe;
}

TEST(LearningRate, FollowsHalfACosine) {
  const TrainingRecipe recipe = recipe_of("cosine");
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 0, 100, 0), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 50, 100, 0), 0.2);
  EXPECT_NEAR(learning_rate(recipe, 99, 100, 0), 0.0, 2e-4);
}

TEST(LearningRate, StepsAtFractionsOfTheTraining) {
  TrainingRecipe recipe = recipe_of("step");
  recipe.milestones = {0.5, 0.7};
  recipe.gamma = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 4, 10, 0), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 5, 10, 0), 0.04);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 6, 10, 0), 0.04);
  EXPECT_NEAR(learning_rate(recipe, 7, 10, 0), 0.004, 1e-15);
}

TEST(LearningRate, RisesLinearlyDuringWarmUp) {
  const TrainingRecipe recipe = recipe_of("cosine");
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 0, 100, 4), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 3, 100, 4), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 4, 100, 4), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 52, 100, 4), 0.2);
}

TEST(LearningRate, RisesFromAGivenStart) {
  TrainingRecipe recipe = recipe_of("constant");
  recipe.warmup_start = 0.2;
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 0, 100, 4), 0.08);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 1, 100, 4), 0.16);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 3, 100, 4), 0.32);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 4, 100, 4), 0.4);
}

TEST(LearningRate, EndsAtItsFloor) {
  for (const char* schedule : {"cosine", "polynomial", "one_cycle"}) {
    TrainingRecipe recipe = recipe_of(schedule);
    recipe.min_lr = 0.04;
    EXPECT_NEAR(learning_rate(recipe, 999999, 1000000, 0), 0.04, 1e-6) << schedule;
  }
}

TEST(LearningRate, RestartsItsCosineEachTimeForLonger) {
  TrainingRecipe recipe = recipe_of("cosine_restarts");
  recipe.restart_after = 0.1;  // periods of 10, 20, 40, ... steps
  for (std::int64_t start : {0, 10, 30, 70}) {
    EXPECT_DOUBLE_EQ(learning_rate(recipe, start, 100, 0), 0.4) << start;
  }
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 5, 100, 0), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 20, 100, 0), 0.2);
  EXPECT_LT(learning_rate(recipe, 29, 100, 0), 0.01);
  recipe.restart_factor = 1;
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 95, 100, 0), 0.2);
}

TEST(LearningRate, DecaysExponentiallyAndByPowers) {
  TrainingRecipe recipe = recipe_of("exponential");
  recipe.gamma = 0.01;
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 50, 100, 0), 0.04);
  recipe = recipe_of("polynomial");
  recipe.power = 2.0;
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 50, 100, 0), 0.1);
}

TEST(LearningRate, GoesOnceUpAndDown) {
  TrainingRecipe recipe = recipe_of("one_cycle");
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 0, 101, 21), 0.016);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 10, 101, 21), 0.208);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 20, 101, 21), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(recipe, 60, 101, 21), 0.2);
  EXPECT_NEAR(learning_rate(recipe, 100, 101, 21), 0.0, 1e-15);
}

TEST(LearningRate, StaysWhereItIsConstant) {
  EXPECT_DOUBLE_EQ(learning_rate(recipe_of("constant"), 77, 100, 0), 0.4);
}

TEST(LearningRate, RefusesAnUnknownSchedule) {
  testing_support::expect_error(ErrorCode::kInvalidArgument, {"linear", "one_cycle or constant"},
                                [] { learning_rate(recipe_of("linear"), 0, 1, 0); });
}

}  // namespace
}  // namespace gradus
