// The one list of a recipe's keys. Reading, writing, "did you mean", `check` and the
// documentation's test all go by it.
#pragma once

#include <string>
#include <vector>

namespace gradus {

struct RecipeKey {
  std::string path;                  // "training.lr", "overrides[].weights.bits"
  std::vector<std::string> aliases;  // other toolkits' names for the last part, also accepted
  std::string values;                // "a number above 0"
  std::string schema;   // the same in JSON, for recipe_schema(): {"type": "number", ...}
  std::string summary;  // one line
};

// In the order in which to_yaml writes them.
std::vector<RecipeKey> recipe_keys();

}  // namespace gradus
