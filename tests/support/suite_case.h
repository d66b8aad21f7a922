// The suites under $GRADUS_DATA/suites (default ~/.cache/gradus/suites): a case is a folder with
// config.txt, one "KEY value..." a line, and arrays as .npy. Found by iterating over the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "gradus/base/shape.h"

namespace gradus::testing_support {

// $GRADUS_DATA/suites/<name>; it may be absent.
std::filesystem::path suite_folder(const std::string& name);

// An array as doubles: every type of the suites but integers past 2^53 is exact in them.
struct SuiteArray {
  Shape shape;
  std::string type;  // NumPy's, such as "<i4"
  std::vector<double> values;

  std::vector<std::int32_t> integers() const;  // throws std::runtime_error if one is none
  std::vector<float> floats() const;           // rounded to nearest
};

class SuiteCase {
 public:
  // Throws std::runtime_error if config.txt cannot be read.
  explicit SuiteCase(std::filesystem::path folder);

  std::string name() const { return folder_.filename().string(); }
  const std::filesystem::path& folder() const { return folder_; }

  bool has(const std::string& key) const { return config_.contains(key); }
  std::vector<std::string> keys() const;
  // The value of a key's first line. These throw std::runtime_error naming case and key if there is
  // no such key or it is no number.
  const std::string& text(const std::string& key) const;
  std::int64_t integer(const std::string& key) const;
  std::int64_t integer_or(const std::string& key, std::int64_t otherwise) const;
  double real(const std::string& key) const;
  double real_or(const std::string& key, double otherwise) const;
  // "True", "true" or a number other than 0; false where absent.
  bool flag(const std::string& key) const;
  std::vector<std::int64_t> integers(const std::string& key) const;
  std::vector<double> reals(const std::string& key) const;
  // The values of all lines of a key, in order.
  std::vector<std::string> lines(const std::string& key) const;

  bool has_array(const std::string& name) const;
  // Throws std::runtime_error if it is absent or damaged.
  SuiteArray array(const std::string& name) const;
  // The first of several names that exists; the other suites' spellings of one thing.
  bool has_any_array(std::initializer_list<const char*> names) const;
  SuiteArray any_array(std::initializer_list<const char*> names) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::vector<std::string>> config_;
};

// Every case below `folder` that has a config.txt, sorted by path; empty where the suite is absent.
std::vector<SuiteCase> suite_cases(const std::filesystem::path& folder);

}  // namespace gradus::testing_support
