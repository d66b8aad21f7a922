// The section augmentation of a recipe.
#include <gtest/gtest.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/recipe/recipe.h"
#include "gradus/recipe/sections.h"

namespace gradus {
namespace {

const char* const kYaml = R"(
augmentation:
  augment: random_resized_crop
  hflip: 0.5
  vflip: 0
  crop_scale: [0.3, 1.0]
  crop_ratio: [0.75, 1.25]
  jitter: [0.4, 0.3, 0.2, 0.1]
  randaugment: [2, 9]
  mixup: 0.2
  cutmix: 1
  mix_probability: 0.5
)";

TEST(AugmentationSection, ReadsEveryKeyAndWritesItBack) {
  const Recipe recipe = parse_recipe(kYaml, "r.yaml");
  const AugmentationRecipe expected = {.augment = "random_resized_crop",
                                       .hflip = 0.5,
                                       .vflip = 0.0,
                                       .crop_scale = {0.3, 1.0},
                                       .crop_ratio = {0.75, 1.25},
                                       .jitter = {0.4, 0.3, 0.2, 0.1},
                                       .randaugment = {2, 9},
                                       .mixup = 0.2,
                                       .cutmix = 1.0,
                                       .mix_probability = 0.5};
  EXPECT_EQ(recipe.augmentation, expected);
  EXPECT_EQ(parse_recipe(to_yaml(recipe), "again"), recipe);
  // What is left open stays open.
  EXPECT_EQ(to_yaml(Recipe{}).find("hflip"), std::string::npos);
}

TEST(AugmentationSection, RefusesWhatIsOutOfRange) {
  for (const char* line :
       {"augment: mirror", "hflip: 1.1", "hflip: often", "vflip: -0.1", "crop_scale: [1, 0.5]",
        "crop_scale: [0, 1]", "crop_scale: 0.5", "crop_scale: [0.1, 0.2, 0.3]",
        "crop_ratio: [0.01, 1]", "jitter: [0.4, 0.4, 0.4, 0.6]", "jitter: [0.4]",
        "jitter: [0.4, -1, 0.4, 0.1]", "randaugment: [2.5, 9]", "randaugment: [2, 31]",
        "randaugment: [9, 9]", "mixup: -1", "cutmix: nan", "mix_probability: 2", "mix: 1"}) {
    try {
      parse_recipe(std::string("augmentation:\n  ") + line + "\n", "r.yaml");
      ADD_FAILURE() << line << " was accepted";
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.rfind("r.yaml:2: augmentation.", 0), 0u) << message;
      EXPECT_NE(message.find("expected "), std::string::npos) << message;
      EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 0) << message;
    }
  }
}

}  // namespace
}  // namespace gradus
