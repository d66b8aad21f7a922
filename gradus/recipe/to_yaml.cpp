// Writes a recipe key by key, and lists the keys: both walk the sections in the same order.
#include "gradus/recipe/keys.h"
#include "gradus/recipe/recipe.h"
#include "gradus/recipe/sections.h"

namespace gradus {
namespace {

// "{bits: 4, signed: true}"
template <typename T>
std::string flow(const Section<T>& fields, const T& from) {
  std::string text;
  for (const Field<T>& field : fields) {
    const auto value = field.write(from);
    if (value) text += (text.empty() ? "" : ", ") + field.key + ": " + *value;
  }
  return "{" + text + "}";
}

template <typename T>
std::string block(const Section<T>& fields, const T& from, const std::string& indent) {
  std::string text;
  for (const Field<T>& field : fields) {
    const auto value = field.write(from);
    if (value) text += indent + field.key + ": " + *value + "\n";
  }
  return text;
}

std::string override_text(const Override& rule) {
  return "  - {select: " + yaml_text(rule.select) + ", optional: " + yaml_text(rule.optional) +
         ", weights: " + flow(weight_fields(), rule.weights) +
         ", activations: " + flow(activation_fields(), rule.activations) + "}\n";
}

template <typename T>
void list(const Section<T>& fields, const std::string& prefix, std::vector<RecipeKey>* keys) {
  for (const Field<T>& field : fields) {
    keys->push_back({prefix + field.key, field.aliases, field.values,
                     field.schema.empty() ? "{}" : field.schema, field.summary});
  }
}

}  // namespace

std::string to_yaml(const Recipe& recipe) {
  std::string text = block(root_fields(), recipe, "");
  text += "defaults:\n";
  text += "  weights: " + flow(weight_fields(), recipe.weights) + "\n";
  text += "  activations: " + flow(activation_fields(), recipe.activations) + "\n";
  text += recipe.overrides.empty() ? "overrides: []\n" : "overrides:\n";
  for (const Override& rule : recipe.overrides) text += override_text(rule);
  text += "observers:\n" + block(observer_fields(), recipe, "  ");
  text += "bn:\n" + block(bn_fields(), recipe, "  ");
  text += "calibration:\n" + block(calibration_fields(), recipe.calibration, "  ");
  text += "training:\n" + block(training_fields(), recipe.training, "  ");
  text += "augmentation:\n" + block(augmentation_fields(), recipe.augmentation, "  ");
  text += "numerics:\n" + block(numerics_fields(), recipe, "  ");
  return text;
}

std::vector<RecipeKey> recipe_keys() {
  std::vector<RecipeKey> keys;
  list(root_fields(), "", &keys);
  list(weight_fields(), "defaults.weights.", &keys);
  list(activation_fields(), "defaults.activations.", &keys);
  list(override_fields(), "overrides[].", &keys);
  list(weight_fields(), "overrides[].weights.", &keys);
  list(activation_fields(), "overrides[].activations.", &keys);
  list(observer_fields(), "observers.", &keys);
  list(bn_fields(), "bn.", &keys);
  list(calibration_fields(), "calibration.", &keys);
  list(training_fields(), "training.", &keys);
  list(augmentation_fields(), "augmentation.", &keys);
  list(numerics_fields(), "numerics.", &keys);
  return keys;
}

}  // namespace gradus
