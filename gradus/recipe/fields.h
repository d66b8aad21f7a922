// Fields of a section of a recipe: how one key is read into a struct and written from it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace YAML {
class Node;
}

namespace gradus {

// One key of a section that fills a T. `read` returns false if the node is not one of `values`;
// `write` gives YAML text, or nothing where the key is left open.
template <typename T>
struct Field {
  std::string key;
  std::vector<std::string> aliases;
  std::string values;
  std::string schema;  // the same as a JSON schema, e.g. R"({"type": "boolean"})"; "{}": anything
  std::string summary;
  std::function<bool(T&, const YAML::Node&, const std::string& used_key)> read;
  std::function<std::optional<std::string>(const T&)> write;
};

template <typename T>
using Section = std::vector<Field<T>>;

// Scalars, strictly: the whole text, in plain decimal. nullopt if it is something else.
std::optional<long long> read_integer(const YAML::Node& node);
std::optional<double> read_number(const YAML::Node& node);
std::optional<bool> read_boolean(const YAML::Node& node);
std::optional<std::string> read_text(const YAML::Node& node);

// Shortest text that reads back to the same value; texts quoted.
std::string yaml_text(long long value);
std::string yaml_text(unsigned long long value);
std::string yaml_text(double value);
std::string yaml_text(float value);
std::string yaml_text(bool value);
std::string yaml_text(const std::string& value);

}  // namespace gradus
