// How fields of each type are made: read strictly within bounds, written back exactly. T is the
// section's struct; the member is the type itself or an optional of it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gradus/recipe/fields.h"

namespace gradus {

template <typename T>
struct Unwrapped {
  using type = T;
};
template <typename T>
struct Unwrapped<std::optional<T>> {
  using type = T;
};

// The text of a member; nothing where it is an empty optional.
template <typename M>
std::optional<std::string> member_text(const M& member) {
  if constexpr (std::is_same_v<M, typename Unwrapped<M>::type>) {
    return yaml_text(member);
  } else {
    return member ? std::optional(yaml_text(*member)) : std::nullopt;
  }
}
template <>
inline std::optional<std::string> member_text(const int& member) {
  return yaml_text(static_cast<long long>(member));
}
template <>
inline std::optional<std::string> member_text(const std::optional<int>& member) {
  return member ? std::optional(yaml_text(static_cast<long long>(*member))) : std::nullopt;
}

// {"enum": ["a", "b"]}; names need no escapes.
inline std::string enum_schema(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return "{\"enum\": [" + list + "]}";
}

// Member M of T is int or optional<int>.
template <typename T, typename M>
Field<T> integer(std::string key, M T::* member, int low, int high, std::string summary) {
  Field<T> field;
  field.key = std::move(key);
  field.values = high == std::numeric_limits<int>::max()
                     ? "an integer of at least " + std::to_string(low)
                     : "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  field.schema = R"({"type": "integer", "minimum": )" + std::to_string(low) + R"(, "maximum": )" +
                 std::to_string(high) + "}";
  field.summary = std::move(summary);
  field.read = [=](T& into, const YAML::Node& node, const std::string&) {
    const auto value = read_integer(node);
    if (!value || *value < low || *value > high) return false;
    into.*member = static_cast<int>(*value);
    return true;
  };
  field.write = [=](const T& from) { return member_text(from.*member); };
  return field;
}

template <typename T>
Field<T> seed(std::uint64_t T::* member, std::string summary) {
  Field<T> field;
  field.key = "seed";
  field.values = "an integer of at least 0";
  field.schema = R"({"type": "integer", "minimum": 0})";
  field.summary = std::move(summary);
  field.read = [=](T& into, const YAML::Node& node, const std::string&) {
    const auto value = read_integer(node);
    if (!value || *value < 0) return false;
    into.*member = static_cast<std::uint64_t>(*value);
    return true;
  };
  field.write = [=](const T& from) -> std::optional<std::string> {
    return yaml_text(static_cast<unsigned long long>(from.*member));
  };
  return field;
}

struct Bounds {
  double low = 0.0;
  double high = 1.0;
  bool above_low = false;  // low itself is not allowed
  std::string text;
  bool holds(double x) const {
    return std::isfinite(x) && x <= high && (above_low ? x > low : x >= low);
  }
  std::string schema() const {
    return std::string(R"({"type": "number", ")") + (above_low ? "exclusiveMinimum" : "minimum") +
           "\": " + yaml_text(low) + R"(, "maximum": )" + yaml_text(high) + "}";
  }
};
inline Bounds at_least_zero() { return {0.0, 1e9, false, "a number of at least 0"}; }
inline Bounds above_zero() { return {0.0, 1e9, true, "a number above 0"}; }
inline Bounds fraction() { return {0.0, 1.0, false, "a number from 0 to 1"}; }
inline Bounds below_one() {
  return {0.0, std::nextafter(1.0, 0.0), false, "a number from 0 to below 1"};
}

// Member M of T is double.
template <typename T>
Field<T> number(std::string key, double T::* member, const Bounds& bounds, std::string summary) {
  Field<T> field;
  field.key = std::move(key);
  field.values = bounds.text;
  field.schema = bounds.schema();
  field.summary = std::move(summary);
  field.read = [=](T& into, const YAML::Node& node, const std::string&) {
    const auto value = read_number(node);
    if (!value || !bounds.holds(*value)) return false;
    into.*member = *value;
    return true;
  };
  field.write = [=](const T& from) { return member_text(from.*member); };
  return field;
}

// Member M of T is bool or optional<bool>.
template <typename T, typename M>
Field<T> boolean(std::string key, M T::* member, std::string summary) {
  Field<T> field;
  field.key = std::move(key);
  field.values = "true or false";
  field.schema = R"({"type": "boolean"})";
  field.summary = std::move(summary);
  field.read = [=](T& into, const YAML::Node& node, const std::string&) {
    const auto value = read_boolean(node);
    if (value) into.*member = *value;
    return value.has_value();
  };
  field.write = [=](const T& from) { return member_text(from.*member); };
  return field;
}

// Member M of T is std::string or optional<std::string>. No names: any text.
template <typename T, typename M>
Field<T> text(std::string key, M T::* member, const std::vector<std::string>& names,
              std::string summary) {
  Field<T> field;
  field.key = std::move(key);
  for (const std::string& name : names) field.values += (field.values.empty() ? "" : " or ") + name;
  if (names.empty()) field.values = "text";
  field.schema = names.empty() ? R"({"type": "string", "minLength": 1})" : enum_schema(names);
  field.summary = std::move(summary);
  field.read = [=](T& into, const YAML::Node& node, const std::string&) {
    const auto value = read_text(node);
    if (!value || value->empty()) return false;
    if (!names.empty() && std::find(names.begin(), names.end(), *value) == names.end())
      return false;
    into.*member = *value;
    return true;
  };
  field.write = [=](const T& from) { return member_text(from.*member); };
  return field;
}

// An enumerator E by name.
template <typename T, typename E>
Field<T> choice(std::string key, E T::* member, std::vector<std::pair<std::string, E>> choices,
                std::string summary) {
  Field<T> field;
  field.key = std::move(key);
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    field.values += (field.values.empty() ? "" : " or ") + name;
    names.push_back(name);
  }
  field.schema = enum_schema(names);
  field.summary = std::move(summary);
  field.read = [=](T& into, const YAML::Node& node, const std::string&) {
    const auto given = read_text(node);
    for (const auto& [name, value] : choices) {
      if (given != name) continue;
      into.*member = value;
      return true;
    }
    return false;
  };
  field.write = [=](const T& from) -> std::optional<std::string> {
    for (const auto& [name, value] : choices) {
      if (from.*member == value) return name;
    }
    return std::nullopt;
  };
  return field;
}

template <typename T>
Field<T> also(Field<T> field, std::vector<std::string> aliases) {
  field.aliases = std::move(aliases);
  return field;
}

}  // namespace gradus
