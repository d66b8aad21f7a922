#include "gradus/recipe/recipe.h"

#include <gtest/gtest.h>

#include <set>

#include "gradus/base/error.h"
#include "gradus/recipe/keys.h"
#include "gradus/recipe/settings.h"

namespace gradus {
namespace {

std::string refusal(const std::string& yaml) {
  try {
    parse_recipe(yaml, "r.yaml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

// For EXPECT_PRED2.
bool says(const std::string& message, const std::string& text) {
  return message.find(text) != std::string::npos;
}

TEST(ParseRecipe, ReadsEverySection) {
  const Recipe recipe = parse_recipe(R"(
version: 1
defaults:
  weights: {bits: 2, estimator: lsq, per_channel: true}
  activations: {bits: 3, signed: false, averaging_constant: 0.25}
overrides:
  - { select: "io:first", weights: {bits: 8}, activations: {bits: 8} }
  - { select: layer1.*, optional: true, weights: {bits: 32} }
ignored_scope: ["type:Concat"]
bn: { mode: fold, freeze_at: 0.6, reestimate_batches: 50 }
observers: { freeze_at: 0.5 }
calibration: { images: 100, batch_size: 10, seed: 3 }
training: { epochs: 10, lr: 0.02, weight_decay: 5.0e-5, schedule: step, milestones: [0.5, 0.75], seed: 7 }
numerics: { requantize: fixed31 }
data: cifar10:/data
)",
                                     "r.yaml");
  EXPECT_EQ(recipe.weights.bits, 2);
  EXPECT_EQ(recipe.weights.estimator, "lsq");
  EXPECT_EQ(recipe.weights.observer, std::nullopt);
  EXPECT_EQ(recipe.activations.is_signed, false);
  EXPECT_EQ(recipe.activations.averaging_constant, 0.25f);
  ASSERT_EQ(recipe.overrides.size(), 2u);
  EXPECT_EQ(recipe.overrides[0].select, "io:first");
  EXPECT_FALSE(recipe.overrides[0].optional);
  EXPECT_TRUE(recipe.overrides[1].optional);
  EXPECT_EQ(recipe.overrides[1].weights.bits, 32);
  EXPECT_EQ(recipe.ignored_scope, std::vector<std::string>{"type:Concat"});
  EXPECT_EQ(recipe.bn, BatchNormMode::kFold);
  EXPECT_EQ(recipe.bn_freeze_at, 0.6);
  EXPECT_EQ(recipe.observer_freeze_at, 0.5);
  EXPECT_EQ(recipe.bn_reestimate_batches, 50);
  EXPECT_EQ(recipe.calibration.images, 100);
  EXPECT_EQ(recipe.training.weight_decay, 5e-5);
  EXPECT_EQ(recipe.training.milestones, (std::vector<double>{0.5, 0.75}));
  EXPECT_EQ(recipe.training.seed, 7u);
  EXPECT_EQ(recipe.profile, Profile::kFixed31);
  EXPECT_EQ(recipe.data, "cifar10:/data");
}

TEST(ParseRecipe, AnEmptyRecipeIsTheDefault) {
  EXPECT_EQ(parse_recipe("", "r.yaml"), Recipe{});
  EXPECT_EQ(parse_recipe("{}", "r.yaml"), Recipe{});
  EXPECT_EQ(parse_recipe("defaults:\ntraining:\n", "r.yaml"), Recipe{});
}

TEST(ParseRecipe, AcceptsJsonAndTheNamesOfOtherToolkits) {
  const Recipe recipe = parse_recipe(
      R"({"defaults": {"weights": {"num_bits": 3}, "activations": {"bit_width": 5, "ema_decay": 0.75}},
          "nodes_to_exclude": ["fc"], "calibration": {"subset_size": 300}})",
      "r.json");
  EXPECT_EQ(recipe.weights.bits, 3);
  EXPECT_EQ(recipe.activations.bits, 5);
  EXPECT_EQ(recipe.activations.averaging_constant, 0.25f);
  EXPECT_EQ(recipe.ignored_scope, std::vector<std::string>{"fc"});
  EXPECT_EQ(recipe.calibration.images, 300);
}

TEST(ParseRecipe, NamesTheNearestKeyAndTheLine) {
  EXPECT_PRED2(says, refusal("version: 1\ntraining:\n  epoch: 3\n"),
               "r.yaml:3: training.'epoch': unknown key; did you mean 'epochs'?");
  EXPECT_PRED2(says, refusal("defaults:\n  weight: {bits: 3}\n"), "did you mean 'weights'?");
  EXPECT_PRED2(says, refusal("defaults: {activations: {per_channel: true}}"), "unknown key");
}

TEST(ParseRecipe, ReportsEveryProblemOneALine) {
  const std::string message = refusal(
      "versoin: 1\ntraining: {lr: fast, epochs: 0}\nbn: fold\ndefaults: {weights: {bits: 9}}\n");
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 4) << message;
  EXPECT_PRED2(says, message, "r.yaml:1: 'versoin': unknown key; did you mean 'version'?");
  EXPECT_PRED2(says, message, "r.yaml:2: training.lr: found 'fast'; expected a number above 0");
  EXPECT_PRED2(says, message, "r.yaml:2: training.epochs: found '0'; expected an integer from 1");
  EXPECT_PRED2(says, message, "r.yaml:3: bn: found 'fold'; expected a map of keys");
  EXPECT_PRED2(says, message, "defaults.weights.bits: found '9'; expected an integer from 1 to 8");
}

TEST(ParseRecipe, RefusesValuesOutOfRange) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"version: 2", "version: found '2'"},
      {"training: {lr: nan}", "found 'nan'"},
      {"training: {lr: 0}", "found '0'"},
      {"training: {lr: 1e400}", "found '1e400'"},
      {"training: {epochs: 3.5}", "found '3.5'"},
      {"training: {epochs: 99999999999999999999}", "expected an integer"},
      {"training: {epochs: [3]}", "found a list"},
      {"training: {milestones: [0.5, 0.2]}", "rising fractions"},
      {"training: {epochs: 2, warmup_epochs: 3}", "expected at most epochs"},
      {"training: {lr: 1, learning_rate: 1}", "given twice"},
      {"bn: {mode: fold}\nbn: {mode: fold}", "given twice"},
      {"quantize: maybe", "expected true or false"},
      {"defaults: {weights: {estimator: dsq}}", "expected ste or lsq"},
      {"defaults: {activations: {averaging_constant: 0}}", "above 0"},
      {"defaults: {activations: {percentile: 50}}", "above 50"},
      {"defaults: {activations: {percentile: 100.1}}", "at most 100"},
      {"defaults: {activations: {range: [1]}}", "[min, max]"},
      {"defaults: {activations: {range: [1, 1]}}", "the first below the second"},
      {"defaults: {activations: {range: [0, 1e39]}}", "finite"},
      {"defaults: {activations: {range: 6}}", "[min, max]"},
      {"defaults: {activations: {ema_decay: 1}}", "above 0"},
      {"overrides: {select: a}", "expected a list"},
      {"overrides: [{weights: {bits: 3}}]", "has no select"},
      {"overrides: [{select: 're:['}]", "is no regular expression"},
      {"ignored_scope: ['io:mid']", "expected io:first or io:last"},
      {"defaults: {weights: {bits: 1, symmetric: false}}", "no zero point"},
      {"defaults: {weights: {signed: false, symmetric: true}}", "nothing below zero"},
      {"defaults: {activations: {bits: 1, signed: true}}", "1-bit activations"},
      {"defaults: {activations: {symmetric: true}}\n"
       "overrides: [{select: a, activations: {bits: 1}}]",
       "r.yaml:2: overrides[0].activations"},
      {"[1, 2]", "found a list"},
      {"a: b: c", "is not YAML"},
      {"x: &a [1]\ny: *a", "anchor or alias"},
      {"version: 1\n---\nversion: 1\n", "more than one document"},
  };
  for (const auto& [yaml, reason] : cases) EXPECT_PRED2(says, refusal(yaml), reason) << yaml;
}

TEST(ParseRecipe, IsBounded) {
  EXPECT_PRED2(says, refusal(std::string(100000, '[')), "r.yaml:1: ");
  EXPECT_PRED2(says, refusal(std::string(30, '[') + std::string(30, ']')), "nested more than");
  EXPECT_PRED2(says, refusal(std::string((1 << 20) + 1, ' ')), "at most 1 MiB");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  const std::string message = refusal(many);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 49);
}

TEST(ToYaml, ReadsBackToTheSameRecipe) {
  Recipe recipe = preset_recipe("w2a4");
  recipe.training.lr = 0.1 + 0.2;
  recipe.training.milestones = {1.0 / 3.0, 0.9};
  recipe.training.seed = 1ull << 40;
  recipe.activations.averaging_constant = 0.1f;
  recipe.activations.percentile = 99.9f;
  recipe.activations.range = {-0.1f, 6.0f};
  recipe.ignored_scope = {"a \"b\" \\ \x01 \xc3\xa4", "re:^x"};
  recipe.data = "imagelist:a\\,b";
  recipe.bn = BatchNormMode::kFold;
  recipe.profile = Profile::kFixed31;
  for (const Recipe& each : {Recipe{}, preset_recipe("float"), recipe}) {
    EXPECT_EQ(parse_recipe(to_yaml(each), "again"), each) << to_yaml(each);
  }
}

TEST(RecipeKeys, AreDistinctDescribedAndWritten) {
  std::set<std::string> paths;
  Recipe recipe = preset_recipe("w4a4");
  recipe.data = "x:y";
  for (TensorRecipe* tensor : {&recipe.weights, &recipe.activations}) {
    *tensor = {8, "ste", "mse", true, true, true, true, 0.5f, 99.9f, {{0.0f, 6.0f}}};
  }
  recipe.activations.per_channel.reset();
  recipe.augmentation = {"flip", 0.5, 0.5, {0.5, 1}, {1, 1}, {0, 0, 0, 0}, {2, 9}};
  recipe.training.warmup_start = 0.1;
  const std::string yaml = to_yaml(recipe);
  for (const RecipeKey& key : recipe_keys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path;
    EXPECT_FALSE(key.values.empty()) << key.path;
    EXPECT_FALSE(key.summary.empty()) << key.path;
    const std::string last = key.path.substr(key.path.find_last_of('.') + 1);
    EXPECT_PRED2(says, yaml, last + ": ") << key.path;
  }
}

TEST(Preset, GivesBitsWithTheEndsAtEight) {
  for (const char* name : {"w4a3", "W4A3", "A3W4", "a3w4"}) {
    const Recipe recipe = preset_recipe(name);
    EXPECT_TRUE(recipe.quantize);
    EXPECT_EQ(recipe.weights.bits, 4);
    EXPECT_EQ(recipe.activations.bits, 3);
    ASSERT_EQ(recipe.overrides.size(), 5u);
    EXPECT_EQ(recipe.overrides[0].select, "io:first");
    EXPECT_EQ(recipe.overrides[0].weights.bits, 8);
    EXPECT_EQ(recipe.overrides[2].select, "type:Add");
    EXPECT_TRUE(recipe.overrides[2].optional);
  }
}

TEST(Preset, KeepsActivationsOrWeightsFloat) {
  const Recipe weights_only = preset_recipe("w8a32");
  EXPECT_EQ(weights_only.activations.bits, 32);
  for (const Override& rule : weights_only.overrides) {
    EXPECT_EQ(rule.activations, TensorRecipe{});
  }
  EXPECT_EQ(preset_recipe("w32a8").weights.bits, 32);
  EXPECT_FALSE(preset_recipe("float").quantize);
}

TEST(Preset, RefusesOtherNames) {
  for (const char* name : {"", "w4", "w9a4", "w0a4", "w4a4x", "a4", "w4w4", "w32a32", "int8"}) {
    EXPECT_THROW(preset_recipe(name), Error) << name;
  }
}

TEST(Settings, TakeAGivenRangeInsteadOfAnObserver) {
  TensorRecipe recipe{.bits = 8};
  recipe.range = {0.0f, 6.0f};
  EXPECT_EQ(activation_settings(recipe).observer, "given");
  EXPECT_EQ(conflict(activation_settings(recipe), false), "");
  recipe.observer = "percentile";
  EXPECT_NE(conflict(activation_settings(recipe), false).find("given range"), std::string::npos);
  recipe.range.reset();
  EXPECT_EQ(conflict(activation_settings(recipe), false), "");
  recipe.observer = "given";
  EXPECT_NE(conflict(weight_settings(recipe), true).find("set range"), std::string::npos);
  const TensorRecipe merged = merge({.percentile = 99.0f}, {.range = {{-1.0f, 1.0f}}});
  EXPECT_EQ(merged.percentile, 99.0f);
  EXPECT_EQ(merged.range, (std::array<float, 2>{-1.0f, 1.0f}));
}

TEST(Settings, FollowTheBits) {
  EXPECT_EQ(weight_settings({.bits = 8}).estimator, "ste");
  EXPECT_EQ(weight_settings({.bits = 4}).estimator, "lsq");
  EXPECT_EQ(weight_settings({.bits = 4}).observer, "mse");
  EXPECT_EQ(weight_settings({.bits = 1}).estimator, "ste");
  EXPECT_EQ(activation_settings({.bits = 1}).estimator, "lsq");
  EXPECT_EQ(activation_settings({.bits = 8}).observer, "moving_average_minmax");
  EXPECT_EQ(weight_settings({.bits = 4, .estimator = "ste"}).estimator, "ste");
  EXPECT_FALSE(weight_settings({.symmetric = false}).narrow_range);
  EXPECT_FALSE(weight_settings({.is_signed = false}).symmetric);
}

}  // namespace
}  // namespace gradus
