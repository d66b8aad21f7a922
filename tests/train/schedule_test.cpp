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

TEST(LearningRate, StaysWhereItIsConstant) {
  EXPECT_DOUBLE_EQ(learning_rate(recipe_of("constant"), 77, 100, 0), 0.4);
}

TEST(LearningRate, RefusesAnUnknownSchedule) {
  testing_support::expect_error(ErrorCode::kInvalidArgument, {"linear", "cosine, step or constant"},
                                [] { learning_rate(recipe_of("linear"), 0, 1, 0); });
}

}  // namespace
}  // namespace gradus
