#include "tests/support/suite_case.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace gradus::testing_support {
namespace {

template <typename T>
std::vector<double> read_elements(const std::string& bytes, std::size_t at) {
  std::vector<double> values((bytes.size() - at) / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + at + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

std::vector<double> read_as(const std::string& type, const std::string& bytes, std::size_t at) {
  if (type == "<f4") return read_elements<float>(bytes, at);
  if (type == "<f8") return read_elements<double>(bytes, at);
  if (type == "|i1") return read_elements<std::int8_t>(bytes, at);
  if (type == "|u1" || type == "|b1") return read_elements<std::uint8_t>(bytes, at);
  if (type == "<i2") return read_elements<std::int16_t>(bytes, at);
  if (type == "<u2") return read_elements<std::uint16_t>(bytes, at);
  if (type == "<i4") return read_elements<std::int32_t>(bytes, at);
  if (type == "<u4") return read_elements<std::uint32_t>(bytes, at);
  if (type == "<i8") return read_elements<std::int64_t>(bytes, at);
  throw std::runtime_error("holds elements of type " + type);
}

// The text between `open` after `key` and `close`.
std::string between(const std::string& text, const std::string& key, char open, char close) {
  const auto found = text.find("'" + key + "':");
  const auto begin = text.find(open, found + key.size() + 3);
  const auto end = text.find(close, begin + 1);
  if (found == std::string::npos || begin == std::string::npos || end == std::string::npos) {
    throw std::runtime_error("is no .npy file");
  }
  return text.substr(begin + 1, end - begin - 1);
}

SuiteArray parse_npy(const std::string& bytes) {
  if (bytes.size() < 10 || bytes.compare(0, 6, "\x93NUMPY") != 0 || bytes[6] != 1 ||
      bytes.find("'fortran_order': False") == std::string::npos) {
    throw std::runtime_error("is no .npy file of version 1 in C order");
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const std::size_t data = 10u + byte(8) + 256u * byte(9);
  if (data > bytes.size()) throw std::runtime_error("is cut short");
  const std::string header = bytes.substr(10, data - 10);
  SuiteArray array;
  array.type = between(header, "descr", '\'', '\'');
  std::istringstream shape(between(header, "shape", '(', ')'));
  std::int64_t count = 1;
  for (std::string extent; std::getline(shape, extent, ',');) {
    if (extent.find_first_not_of(' ') == std::string::npos) continue;
    array.shape.push_back(std::stoll(extent));
    count *= array.shape.back();
  }
  array.values = read_as(array.type, bytes, data);
  if (static_cast<std::int64_t>(array.values.size()) != count) {
    throw std::runtime_error("does not hold what its shape says");
  }
  return array;
}

template <typename Number>
Number number(const std::string& text, const std::string& where) {
  std::istringstream stream(text);
  Number value{};
  if (!(stream >> value)) throw std::runtime_error(where + " is '" + text + "', no number");
  return value;
}

template <typename Number>
std::vector<Number> numbers(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<Number>(stream), std::istream_iterator<Number>()};
}

}  // namespace

std::filesystem::path suite_folder(const std::string& name) {
  const char* data = std::getenv("GRADUS_DATA");
  const char* home = std::getenv("HOME");
  const std::filesystem::path root =
      data != nullptr ? data : std::string(home == nullptr ? "" : home) + "/.cache/gradus";
  return root / "suites" / name;
}

std::vector<std::int32_t> SuiteArray::integers() const {
  std::vector<std::int32_t> result;
  result.reserve(values.size());
  for (double value : values) {
    const bool fits = value == std::rint(value) &&
                      value >= std::numeric_limits<std::int32_t>::min() &&
                      value <= std::numeric_limits<std::int32_t>::max();
    if (!fits) throw std::runtime_error("an element is no 32-bit integer");
    result.push_back(static_cast<std::int32_t>(value));
  }
  return result;
}

std::vector<float> SuiteArray::floats() const {
  std::vector<float> result;
  result.reserve(values.size());
  for (double value : values) result.push_back(static_cast<float>(value));
  return result;
}

SuiteCase::SuiteCase(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::ifstream file(folder_ / "config.txt");
  if (!file) throw std::runtime_error(folder_.string() + ": config.txt cannot be read");
  for (std::string line; std::getline(file, line);) {
    const auto space = line.find(' ');
    if (space != std::string::npos)
      config_[line.substr(0, space)].push_back(line.substr(space + 1));
  }
}

std::vector<std::string> SuiteCase::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, values] : config_) keys.push_back(key);
  return keys;
}

const std::string& SuiteCase::text(const std::string& key) const {
  const auto found = config_.find(key);
  if (found == config_.end()) throw std::runtime_error(name() + ": config.txt has no " + key);
  return found->second.front();
}

std::int64_t SuiteCase::integer(const std::string& key) const {
  return number<std::int64_t>(text(key), name() + ": " + key);
}

std::int64_t SuiteCase::integer_or(const std::string& key, std::int64_t otherwise) const {
  return has(key) ? integer(key) : otherwise;
}

double SuiteCase::real(const std::string& key) const {
  return number<double>(text(key), name() + ": " + key);
}

double SuiteCase::real_or(const std::string& key, double otherwise) const {
  return has(key) ? real(key) : otherwise;
}

bool SuiteCase::flag(const std::string& key) const {
  if (!has(key)) return false;
  const std::string& value = text(key);
  return value == "True" || value == "true" ||
         (value != "False" && value != "false" && real(key) != 0.0);
}

std::vector<std::int64_t> SuiteCase::integers(const std::string& key) const {
  return numbers<std::int64_t>(text(key));
}

std::vector<double> SuiteCase::reals(const std::string& key) const {
  return numbers<double>(text(key));
}

std::vector<std::string> SuiteCase::lines(const std::string& key) const {
  const auto found = config_.find(key);
  return found == config_.end() ? std::vector<std::string>{} : found->second;
}

bool SuiteCase::has_array(const std::string& array) const {
  return std::filesystem::exists(folder_ / (array + ".npy"));
}

SuiteArray SuiteCase::array(const std::string& array) const {
  const auto path = folder_ / (array + ".npy");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  try {
    return parse_npy(bytes);
  } catch (const std::exception& error) {
    throw std::runtime_error(path.string() + ": " + error.what());
  }
}

bool SuiteCase::has_any_array(std::initializer_list<const char*> names) const {
  return std::any_of(names.begin(), names.end(), [&](const char* n) { return has_array(n); });
}

SuiteArray SuiteCase::any_array(std::initializer_list<const char*> names) const {
  for (const char* candidate : names) {
    if (has_array(candidate)) return array(candidate);
  }
  throw std::runtime_error(name() + ": has no " + *names.begin() + ".npy");
}

std::vector<SuiteCase> suite_cases(const std::filesystem::path& folder) {
  std::vector<SuiteCase> cases;
  if (!std::filesystem::is_directory(folder)) return cases;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == "config.txt") paths.push_back(entry.path().parent_path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) cases.emplace_back(path);
  return cases;
}

}  // namespace gradus::testing_support
