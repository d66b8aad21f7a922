// The attributes of an operator in normal form, as plain values: numbers, text and lists.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace gradus::floatops {

using AttributeValue =
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>>;

class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(std::map<std::string, AttributeValue> values) : values_(std::move(values)) {}

  // The attribute. Throws LogicError if it is missing or of another type: normal form has it.
  std::int64_t integer(const std::string& key) const;
  float real(const std::string& key) const;
  const std::string& text(const std::string& key) const;
  const std::vector<std::int64_t>& integers(const std::string& key) const;
  const std::vector<float>& reals(const std::string& key) const;

  bool contains(const std::string& key) const { return values_.contains(key); }
  const std::map<std::string, AttributeValue>& values() const { return values_; }

 private:
  template <typename T>
  const T& get(const std::string& key) const;

  std::map<std::string, AttributeValue> values_;
};

}  // namespace gradus::floatops
