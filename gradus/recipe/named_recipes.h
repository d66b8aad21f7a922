// The recipes of recipes/, built into the program: `gradus init --recipe NAME` writes one, and -r
// NAME uses it as it is.
#pragma once

#include <span>
#include <string>

#include "gradus/recipe/recipe.h"

namespace gradus {

struct NamedRecipe {
  std::string name;     // of the file, without .yaml
  std::string summary;  // its first line, without "# " and the full stop
  std::string text;     // the whole file
};

// In the order of their names.
std::span<const NamedRecipe> named_recipes();

// nullptr if there is none of that name.
const NamedRecipe* find_named_recipe(const std::string& name);

}  // namespace gradus
