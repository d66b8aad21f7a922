#include "gradus/recipe/recipe.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/nearest_name.h"
#include "gradus/recipe/limits.h"
#include "gradus/recipe/sections.h"
#include "gradus/recipe/settings.h"
#include "gradus/recipe/yaml_document.h"

namespace gradus {
namespace {

constexpr std::size_t kMaxShown = 60;
constexpr std::size_t kMaxProblems = 50;

std::string shown(std::string text) {
  if (text.size() > kMaxShown) text = text.substr(0, kMaxShown) + "...";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "'" + text + "'";
}

std::string found(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return node.IsScalar() ? shown(node.Scalar()) : "nothing";
}

class Reader {
 public:
  explicit Reader(std::string where) : where_(std::move(where)) {}

  Recipe read(const YAML::Node& root) {
    Recipe recipe;
    const std::vector<std::string> sections = {"defaults",     "overrides",   "observers",
                                               "bn",           "calibration", "training",
                                               "augmentation", "numerics"};
    read_map(root, "", root_fields(), recipe, sections,
             [&](const std::string& key, const YAML::Node& node) { section(key, node, recipe); });
    check_conflicts(recipe);
    if (!problems_.empty()) throw Error(ErrorCode::kInvalidArgument, problems_);
    return recipe;
  }

 private:
  using OnSection = std::function<void(const std::string& key, const YAML::Node& node)>;

  void problem(int line, const std::string& path, const std::string& text) {
    if (++count_ > kMaxProblems) return;
    problems_ += (problems_.empty() ? "" : "\n") + where_ + ":" + std::to_string(line) + ": " +
                 path + ": " + text;
  }
  void problem(const YAML::Node& node, const std::string& path, const std::string& text) {
    problem(node.Mark().line + 1, path, text);
  }

  void section(const std::string& key, const YAML::Node& node, Recipe& recipe) {
    if (key == "defaults") {
      read_tensors(node, key, {}, recipe, recipe.weights, recipe.activations);
    } else if (key == "overrides") {
      read_overrides(node, recipe);
    } else if (key == "observers") {
      read_map(node, key, observer_fields(), recipe);
    } else if (key == "bn") {
      read_map(node, key, bn_fields(), recipe);
    } else if (key == "calibration") {
      read_map(node, key, calibration_fields(), recipe.calibration);
    } else if (key == "training") {
      read_map(node, key, training_fields(), recipe.training);
    } else if (key == "augmentation") {
      read_map(node, key, augmentation_fields(), recipe.augmentation);
    } else {
      read_map(node, key, numerics_fields(), recipe);
    }
  }

  template <typename T>
  void read_tensors(const YAML::Node& node, const std::string& path, const Section<T>& fields,
                    T& into, TensorRecipe& weights, TensorRecipe& activations) {
    read_map(node, path, fields, into, {"weights", "activations"},
             [&](const std::string& key, const YAML::Node& child) {
               const bool of_weights = key == "weights";
               read_map(child, path + "." + key, of_weights ? weight_fields() : activation_fields(),
                        of_weights ? weights : activations);
             });
  }

  void read_overrides(const YAML::Node& node, Recipe& recipe) {
    if (!node.IsSequence()) {
      problem(node, "overrides", "found " + found(node) + "; expected a list of {select, ...}");
      return;
    }
    for (const YAML::Node& item : node) {
      const std::string path = "overrides[" + std::to_string(recipe.overrides.size()) + "]";
      Override rule;
      read_tensors(item, path, override_fields(), rule, rule.weights, rule.activations);
      if (rule.select.empty() && item.IsMap() && !item["select"]) {
        problem(item, path, "has no select; expected the nodes that it is about");
      }
      lines_.push_back(item.Mark().line + 1);
      recipe.overrides.push_back(std::move(rule));
    }
  }

  template <typename T>
  void read_map(const YAML::Node& node, const std::string& path, const Section<T>& fields, T& into,
                const std::vector<std::string>& sections = {}, const OnSection& on_section = {}) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
      problem(node, path.empty() ? "recipe" : path,
              "found " + found(node) + "; expected a map of keys");
      return;
    }
    std::set<std::string> seen;
    for (const auto& item : node) {
      if (!item.first.IsScalar()) {
        problem(item.first, path.empty() ? "recipe" : path, "a key is " + found(item.first));
        continue;
      }
      read_key(item.first, item.second, path, fields, into, sections, on_section, &seen);
    }
  }

  template <typename T>
  void read_key(const YAML::Node& key_node, const YAML::Node& node, const std::string& path,
                const Section<T>& fields, T& into, const std::vector<std::string>& sections,
                const OnSection& on_section, std::set<std::string>* seen) {
    const std::string& key = key_node.Scalar();
    const std::string here = path.empty() ? key : path + "." + key;
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field<T>& known) {
      return known.key == key ||
             std::find(known.aliases.begin(), known.aliases.end(), key) != known.aliases.end();
    });
    const bool is_section = std::find(sections.begin(), sections.end(), key) != sections.end();
    if (field == fields.end() && !is_section) {
      problem(key_node, path.empty() ? shown(key) : path + "." + shown(key),
              unknown_key(key, fields, sections));
      return;
    }
    if (!seen->insert(is_section ? key : field->key).second) {
      problem(key_node, here, "is given twice");
      return;
    }
    if (is_section) {
      on_section(key, node);
      return;
    }
    if (node.IsNull()) return;
    try {
      if (!field->read(into, node, key)) {
        problem(node, here, "found " + found(node) + "; expected " + field->values);
      }
    } catch (const Error& error) {
      problem(node, here, error.what());
    }
  }

  template <typename T>
  static std::string unknown_key(const std::string& key, const Section<T>& fields,
                                 const std::vector<std::string>& sections) {
    std::vector<std::string> known;
    for (const Field<T>& field : fields) known.push_back(field.key);
    known.insert(known.end(), sections.begin(), sections.end());
    const std::string nearest = nearest_name(key, known);
    std::string text = "unknown key; ";
    if (!nearest.empty()) text += "did you mean '" + nearest + "'? ";
    text += "expected one of ";
    for (const std::string& name : known) text += (name == known.front() ? "" : ", ") + name;
    return text;
  }

  void check_conflicts(const Recipe& recipe) {
    const auto check = [&](int line, const std::string& path, const TensorSettings& settings,
                           bool weights) {
      const std::string text = conflict(settings, weights);
      if (!text.empty()) problem(line, path + (weights ? ".weights" : ".activations"), text);
    };
    check(1, "defaults", weight_settings(recipe.weights), true);
    check(1, "defaults", activation_settings(recipe.activations), false);
    for (std::size_t i = 0; i < recipe.overrides.size(); ++i) {
      const Override& rule = recipe.overrides[i];
      const std::string path = "overrides[" + std::to_string(i) + "]";
      if (rule.weights != TensorRecipe{}) {
        check(lines_[i], path, weight_settings(merge(recipe.weights, rule.weights)), true);
      }
      if (rule.activations != TensorRecipe{}) {
        check(lines_[i], path, activation_settings(merge(recipe.activations, rule.activations)),
              false);
      }
    }
    if (recipe.training.warmup_epochs > recipe.training.epochs) {
      problem(1, "training.warmup_epochs", "is more than epochs; expected at most epochs");
    }
  }

  std::string where_;
  std::string problems_;
  std::size_t count_ = 0;
  std::vector<int> lines_;  // of the overrides
};

}  // namespace

Recipe parse_recipe(const std::string& yaml, const std::string& where) {
  return Reader(where).read(parse_yaml_document(yaml, where));
}

Recipe load_recipe(const std::string& path) {
  return parse_recipe(read_text_file(path, kMaxYamlBytes), path);
}

}  // namespace gradus
