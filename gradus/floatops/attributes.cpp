#include "gradus/floatops/attributes.h"

#include "gradus/base/check.h"

namespace gradus::floatops {

template <typename T>
const T& Attributes::get(const std::string& key) const {
  const auto found = values_.find(key);
  check(found != values_.end(), "an attribute that normal form has is missing");
  const T* value = std::get_if<T>(&found->second);
  check(value != nullptr, "an attribute is of another type than normal form gives it");
  return *value;
}

std::int64_t Attributes::integer(const std::string& key) const { return get<std::int64_t>(key); }
float Attributes::real(const std::string& key) const { return get<float>(key); }
const std::string& Attributes::text(const std::string& key) const { return get<std::string>(key); }
const std::vector<std::int64_t>& Attributes::integers(const std::string& key) const {
  return get<std::vector<std::int64_t>>(key);
}
const std::vector<float>& Attributes::reals(const std::string& key) const {
  return get<std::vector<float>>(key);
}

}  // namespace gradus::floatops
