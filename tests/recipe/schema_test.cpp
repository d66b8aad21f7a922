#include "gradus/recipe/schema.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <set>

#include "gradus/recipe/keys.h"
#include "gradus/recipe/named_recipes.h"
#include "gradus/recipe/recipe.h"

namespace gradus {
namespace {

using Json = nlohmann::ordered_json;

// A plain scalar as YAML's core schema types it; a quoted one is a string.
Json scalar_json(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() != "!") {
    long long integer = 0;
    double number = 0.0;
    bool boolean = false;
    if (YAML::convert<long long>::decode(node, integer)) return integer;
    if (YAML::convert<double>::decode(node, number)) return number;
    if ((text == "true" || text == "false") && YAML::convert<bool>::decode(node, boolean)) {
      return boolean;
    }
  }
  return text;
}

Json to_json(const YAML::Node& node) {
  if (node.IsScalar()) return scalar_json(node);
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const YAML::Node& item : node) list.push_back(to_json(item));
    return list;
  }
  if (!node.IsMap()) return nullptr;
  Json map = Json::object();
  for (const auto& item : node) map[item.first.Scalar()] = to_json(item.second);
  return map;
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return value.type_name() == type;
}

bool in_bounds(const Json& schema, const Json& value) {
  if (value.is_number()) {
    const double x = value.get<double>();
    if (schema.contains("minimum") && x < schema["minimum"].get<double>()) return false;
    if (schema.contains("maximum") && x > schema["maximum"].get<double>()) return false;
    if (schema.contains("exclusiveMinimum") && x <= schema["exclusiveMinimum"].get<double>()) {
      return false;
    }
    if (schema.contains("exclusiveMaximum") && x >= schema["exclusiveMaximum"].get<double>()) {
      return false;
    }
  }
  if (value.is_array() && schema.contains("minItems") &&
      (value.size() < schema["minItems"].get<std::size_t>() ||
       value.size() > schema["maxItems"].get<std::size_t>())) {
    return false;
  }
  return !value.is_string() || !schema.contains("minLength") ||
         value.get<std::string>().size() >= schema["minLength"].get<std::size_t>();
}

// What of JSON Schema the schema uses. An unknown word in it fails the test.
bool passes(const Json& schema, const Json& value) {
  for (const auto& [word, rule] : schema.items()) {
    if (word == "type") {
      const Json types = rule.is_array() ? rule : Json::array({rule});
      if (std::none_of(types.begin(), types.end(),
                       [&](const Json& type) { return has_type(value, type); })) {
        return false;
      }
    } else if (word == "enum") {
      if (std::find(rule.begin(), rule.end(), value) == rule.end()) return false;
    } else if (word == "items") {
      for (const Json& item : value.is_array() ? value : Json::array()) {
        if (!passes(rule, item)) return false;
      }
    } else if (word == "required") {
      for (const Json& key : rule) {
        if (value.is_object() && !value.contains(key.get<std::string>())) return false;
      }
    } else if (word == "properties") {
      const Json object = value.is_object() ? value : Json::object();
      for (const auto& [key, child] : object.items()) {
        if (!rule.contains(key) || !passes(rule[key], child)) return false;
      }
    } else {
      static const std::set<std::string> kKnown = {
          "$schema",          "title",    "description", "additionalProperties",
          "minimum",          "maximum",  "minLength",   "exclusiveMinimum",
          "exclusiveMaximum", "minItems", "maxItems"};
      EXPECT_TRUE(kKnown.contains(word)) << word;
    }
  }
  return in_bounds(schema, value);
}

const Json& schema() {
  static const Json parsed = Json::parse(recipe_schema());
  return parsed;
}

bool passes(const std::string& yaml) {
  const YAML::Node node = YAML::Load(yaml);
  return passes(schema(), node.IsNull() ? Json::object() : to_json(node));
}

TEST(RecipeSchema, DescribesEveryKeyAndAlias) {
  for (const RecipeKey& key : recipe_keys()) {
    Json::json_pointer place;
    std::string rest = key.path;
    for (std::size_t dot; (dot = rest.find('.')) != std::string::npos;
         rest = rest.substr(dot + 1)) {
      const std::string section = rest.substr(0, dot);
      const bool list = section.ends_with("[]");
      place /= "properties";
      place /= list ? section.substr(0, section.size() - 2) : section;
      if (list) place /= "items";
    }
    std::vector<std::string> names = key.aliases;
    names.push_back(rest);
    for (const std::string& name : names) {
      const auto here = place / "properties" / name;
      ASSERT_TRUE(schema().contains(here)) << here.to_string();
      const Json& found = schema()[here];
      EXPECT_NE(found["description"].get<std::string>().find(key.values), std::string::npos);
      EXPECT_TRUE(found.contains("type") || found.contains("enum"))
          << key.path << " has no schema: give its field one (fields.h)";
    }
  }
}

TEST(RecipeSchema, TakesWhatPeopleBeginFrom) {
  for (const NamedRecipe& recipe : named_recipes()) {
    EXPECT_TRUE(passes(recipe.text)) << recipe.name;
    EXPECT_TRUE(passes(to_yaml(parse_recipe(recipe.text, recipe.name)))) << recipe.name;
  }
  for (const char* preset : {"float", "w1a1", "w8a32", "w32a8", "w3a5"}) {
    EXPECT_TRUE(passes(to_yaml(preset_recipe(preset)))) << preset;
  }
  EXPECT_TRUE(passes(""));
  EXPECT_TRUE(passes("training:\noverrides:\n"));
  EXPECT_TRUE(passes("defaults: {weights: {num_bits: 3}}\nnodes_to_exclude: [fc]"));
}

// What the reader refuses for the kind of a value, an editor marks.
TEST(RecipeSchema, RefusesWhatTheReaderRefuses) {
  for (const char* yaml : {"version: 2",
                           "version: x",
                           "training: {epochs: 0}",
                           "training: {epochs: 3.5}",
                           "training: {epochs: [3]}",
                           "training: {lr: 0}",
                           "training: {lr: fast}",
                           "trainings: {}",
                           "training: {epoch: 3}",
                           "quantize: maybe",
                           "defaults: {weights: {bits: 9}}",
                           "defaults: {weights: {estimator: none}}",
                           "defaults: {activations: {per_channel: true}}",
                           "overrides: {select: a}",
                           "overrides: [{weights: {bits: 3}}]",
                           "bn: fold",
                           "bn: {mode: folded}",
                           "training: {momentum: 1}",
                           "training: {milestones: [1.5]}",
                           "training: {gamma: 0}",
                           "numerics: {requantize: float}",
                           "ignored_scope: a",
                           "[1, 2]",
                           "data: ''",
                           "defaults: {weights: {range: [1]}}",
                           "defaults: {weights: {percentile: 50}}",
                           "training: {seed: -1}",
                           "calibration: {images: 0}"}) {
    EXPECT_FALSE(passes(yaml)) << yaml;
    EXPECT_ANY_THROW(parse_recipe(yaml, "t")) << yaml;
  }
}

}  // namespace
}  // namespace gradus
