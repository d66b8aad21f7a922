#include <cctype>

#include "gradus/base/error.h"
#include "gradus/recipe/recipe.h"

namespace gradus {
namespace {

bool is_bits(int bits) { return (bits >= 1 && bits <= 8) || bits == 32; }

// Reads "w4" or "a32" at `at` and moves past it. Returns false if that is not what stands there.
bool read_part(const std::string& name, std::size_t* at, char letter, int* bits) {
  if (*at >= name.size() || name[*at] != letter) return false;
  std::size_t end = *at + 1;
  int value = 0;
  while (end < name.size() && end < *at + 3 &&
         std::isdigit(static_cast<unsigned char>(name[end]))) {
    value = 10 * value + (name[end++] - '0');
  }
  *at = end;
  *bits = value;
  return is_bits(value);
}

Override rule(const char* select, bool optional, bool weights) {
  Override result;
  result.select = select;
  result.optional = optional;
  if (weights) result.weights.bits = 8;
  result.activations.bits = 8;
  return result;
}

}  // namespace

Recipe preset_recipe(const std::string& name) {
  std::string lower;
  for (char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  Recipe recipe;
  if (lower == "float") {
    recipe.quantize = false;
    return recipe;
  }
  int weights = 0;
  int activations = 0;
  std::size_t at = 0;
  const bool swapped = lower.starts_with('a');
  const bool read =
      swapped ? read_part(lower, &at, 'a', &activations) && read_part(lower, &at, 'w', &weights)
              : read_part(lower, &at, 'w', &weights) && read_part(lower, &at, 'a', &activations);
  if (!read || at != lower.size() || (weights == 32 && activations == 32)) {
    throw Error(ErrorCode::kInvalidArgument,
                "recipe '" + name +
                    "' is no preset; expected w<bits>a<bits> with 1 to 8 bits or 32 (float), e.g. "
                    "w4a4, or float, or a YAML file, or a name that 'gradus init --help' lists");
  }
  recipe.weights.bits = weights;
  recipe.activations.bits = activations;
  for (Override override :
       {rule("io:first", false, true), rule("io:last", false, true), rule("type:Add", true, false),
        rule("type:AveragePool", true, false), rule("type:GlobalAveragePool", true, false)}) {
    if (weights == 32) override.weights.bits.reset();
    if (activations == 32) override.activations.bits.reset();
    if (override.weights != TensorRecipe{} || override.activations != TensorRecipe{}) {
      recipe.overrides.push_back(override);
    }
  }
  return recipe;
}

}  // namespace gradus
