#include "gradus/recipe/named_recipes.h"

#include <utility>
#include <vector>

namespace gradus {

// Written by CMakeLists.txt from recipes/*.yaml: name and text.
std::span<const std::pair<const char*, const char*>> recipe_files();

namespace {

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.starts_with("# ")) line = line.substr(2);
  if (line.ends_with(".")) line.pop_back();
  return line;
}

}  // namespace

std::span<const NamedRecipe> named_recipes() {
  static const std::vector<NamedRecipe> recipes = [] {
    std::vector<NamedRecipe> made;
    for (const auto& [name, text] : recipe_files()) made.push_back({name, first_line(text), text});
    return made;
  }();
  return recipes;
}

const NamedRecipe* find_named_recipe(const std::string& name) {
  for (const NamedRecipe& recipe : named_recipes()) {
    if (recipe.name == name) return &recipe;
  }
  return nullptr;
}

}  // namespace gradus
