// The recipes that people begin from: each reads, says what it is, and fits every network of the
// zoo.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/prepare/check_network.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/resolved.h"
#include "gradus/recipe/named_recipes.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> recipe_files() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(GRADUS_RECIPES)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  }
  return paths;
}

TEST(Recipes, AreBuiltIntoTheProgramAsTheyAre) {
  std::set<std::string> names;
  for (const fs::path& path : recipe_files()) {
    const NamedRecipe* recipe = find_named_recipe(path.stem().string());
    ASSERT_NE(recipe, nullptr) << path << ": run cmake again";
    EXPECT_EQ(recipe->text, read_text_file(path.string(), 1 << 20)) << path;
    names.insert(recipe->name);
  }
  EXPECT_EQ(named_recipes().size(), names.size());
  EXPECT_GE(names.size(), 10u);
  EXPECT_EQ(find_named_recipe("none"), nullptr);
}

TEST(Recipes, SayInTheirFirstLineWhatTheyAre) {
  for (const NamedRecipe& recipe : named_recipes()) {
    EXPECT_TRUE(recipe.text.starts_with("# ")) << recipe.name;
    EXPECT_GE(recipe.summary.size(), 20u) << recipe.name;
    EXPECT_EQ(recipe.summary.find('#'), std::string::npos) << recipe.name;
    // A preset of the same name would hide behind it.
    EXPECT_TRUE(recipe.name == "float" || [&] {
      try {
        preset_recipe(recipe.name);
        return false;
      } catch (const Error&) {
        return true;
      }
    }()) << recipe.name;
  }
}

TEST(Recipes, ReadBackFromTheirResolvedForm) {
  for (const NamedRecipe& recipe : named_recipes()) {
    const Recipe read = parse_recipe(recipe.text, recipe.name);
    EXPECT_EQ(parse_recipe(to_yaml(read), recipe.name + " again"), read);
  }
}

// A recipe that begins with the name of a network is for that one.
bool is_for(const std::string& recipe, const std::string& model) {
  for (const ZooModel& other : zoo_models()) {
    if (recipe.starts_with(other.name + "-")) return other.name == model;
  }
  return true;
}

TEST(Recipes, FitEveryNetworkOfTheZoo) {
  for (const ZooModel& model : zoo_models()) {
    const Graph network = model.build({});
    for (const NamedRecipe& recipe : named_recipes()) {
      if (!is_for(recipe.name, model.name)) continue;
      const Recipe read = parse_recipe(recipe.text, recipe.name);
      for (const Problem& problem : check_network(network, read)) {
        ADD_FAILURE() << recipe.name << " on " << model.name << ": " << to_string(problem);
      }
    }
  }
}

// The bits that the name of a recipe promises are those of a layer in the middle.
TEST(Recipes, GiveTheBitsOfTheirName) {
  const Graph network = zoo_models()[0].build({});
  int looked_at = 0;
  for (const NamedRecipe& recipe : named_recipes()) {
    int weights = 0;
    int activations = 0;
    if (std::sscanf(recipe.name.c_str(), "w%da%d-", &weights, &activations) != 2) continue;
    Graph graph = network;
    prepare(graph, parse_recipe(recipe.text, recipe.name));
    std::set<int> found_weights;
    std::set<int> found_activations;
    for (const Value& value : graph.values) {
      if (value.quantizer == kNoQuantizer) continue;
      const int bits = graph.quantizers[static_cast<std::size_t>(value.quantizer)].spec.bits;
      (value.constant ? found_weights : found_activations).insert(bits);
    }
    EXPECT_EQ(*found_weights.begin(), weights) << recipe.name;
    EXPECT_EQ(*found_activations.begin(), activations) << recipe.name;
    ++looked_at;
  }
  EXPECT_GE(looked_at, 5);
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(ResolvedQuantizers, LeaveNothingOpen) {
  Graph graph = zoo_models()[0].build({});
  const Recipe recipe = parse_recipe(R"(
defaults: {weights: {bits: 4}, activations: {bits: 8}}
overrides: [{select: conv1, weights: {bits: 2, observer: minmax, per_channel: false}}]
)",
                                     "r");
  prepare(graph, recipe);
  const std::string text = resolved_quantizers(graph);
  EXPECT_NE(text.find("- {bits: 2, signed: true, symmetric: true, narrow_range: true, per_channel: "
                      "false, estimator: lsq, observer: minmax, of: [\"conv1.weight\"]}\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("- {bits: 4, signed: true, symmetric: true, narrow_range: true, per_channel: "
                      "true, estimator: lsq, observer: mse, of: [\"conv2.weight\", "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("observer: moving_average_minmax, averaging_constant: 0.01, of: [\"input\""),
            std::string::npos)
      << text;
  EXPECT_EQ(lines_of(text), 3u) << text;
  std::size_t names = 0;
  for (const Value& value : graph.values) {
    if (value.quantizer == kNoQuantizer) continue;
    EXPECT_NE(text.find('"' + value.name + '"'), std::string::npos) << value.name;
    ++names;
  }
  EXPECT_GE(names, 8u);
}

TEST(ResolvedQuantizers, AreNoneOfAFloatNetwork) {
  Graph graph = zoo_models()[0].build({});
  prepare(graph, preset_recipe("float"));
  EXPECT_EQ(resolved_quantizers(graph), "");
}

}  // namespace
}  // namespace gradus
