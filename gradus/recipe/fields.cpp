#include "gradus/recipe/fields.h"

#include <yaml-cpp/yaml.h>

#include <charconv>

namespace gradus {
namespace {

template <typename T>
std::optional<T> read_whole(const YAML::Node& node) {
  if (!node.IsScalar()) return std::nullopt;
  const std::string& text = node.Scalar();
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
std::string number_text(T value) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, result.ptr};
}

}  // namespace

std::optional<long long> read_integer(const YAML::Node& node) {
  return read_whole<long long>(node);
}
std::optional<double> read_number(const YAML::Node& node) { return read_whole<double>(node); }

std::optional<bool> read_boolean(const YAML::Node& node) {
  if (!node.IsScalar()) return std::nullopt;
  const std::string& text = node.Scalar();
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  return std::nullopt;
}

std::optional<std::string> read_text(const YAML::Node& node) {
  if (!node.IsScalar()) return std::nullopt;
  return node.Scalar();
}

std::string yaml_text(long long value) { return number_text(value); }
std::string yaml_text(unsigned long long value) { return number_text(value); }
std::string yaml_text(double value) { return number_text(value); }
std::string yaml_text(float value) { return number_text(value); }
std::string yaml_text(bool value) { return value ? "true" : "false"; }

std::string yaml_text(const std::string& value) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = "\"";
  for (char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      text += "\\x";
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    } else {
      text += c;
    }
  }
  return text + "\"";
}

}  // namespace gradus
