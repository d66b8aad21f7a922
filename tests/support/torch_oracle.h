// The cases of the torch-oracle suite: a folder each, config.txt with one "key value..." a line,
// and arrays as .npy. Absent data makes tests skip.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gradus/data/npy.h"

namespace gradus::testing_support {

inline std::filesystem::path oracle_folder() {
  const char* data = std::getenv("GRADUS_DATA");
  const char* home = std::getenv("HOME");
  const std::filesystem::path root =
      data != nullptr ? data : std::string(home == nullptr ? "" : home) + "/.cache/gradus";
  return root / "suites" / "torch-oracle";
}

class OracleCase {
 public:
  explicit OracleCase(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::ifstream file(folder_ / "config.txt");
    for (std::string line; std::getline(file, line);) {
      const auto space = line.find(' ');
      if (space != std::string::npos) config_[line.substr(0, space)] = line.substr(space + 1);
    }
  }
  std::string name() const { return folder_.filename().string(); }
  bool has(const std::string& key) const { return config_.contains(key); }
  std::string text(const std::string& key) const { return config_.at(key); }
  double real(const std::string& key) const { return std::stod(config_.at(key)); }
  std::int64_t integer(const std::string& key) const { return std::stoll(config_.at(key)); }
  std::vector<std::int64_t> integers(const std::string& key) const {
    std::istringstream stream(config_.at(key));
    std::vector<std::int64_t> values;
    for (std::int64_t value; stream >> value;) values.push_back(value);
    return values;
  }
  bool has_array(const std::string& array) const {
    return std::filesystem::exists(folder_ / (array + ".npy"));
  }
  at::Tensor array(const std::string& array) const {
    const NpyArray npy = load_npy((folder_ / (array + ".npy")).string());
    return at::tensor(npy.values, at::kFloat).reshape(npy.shape);
  }

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string> config_;
};

// Every case of a group, by name; empty where the suite is absent.
inline std::vector<OracleCase> oracle_cases(const std::string& group) {
  std::vector<OracleCase> cases;
  const auto folder = oracle_folder() / group;
  if (!std::filesystem::is_directory(folder)) return cases;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) cases.emplace_back(path);
  return cases;
}

#define GRADUS_SKIP_WITHOUT_ORACLE(cases) \
  if ((cases).empty()) GTEST_SKIP() << "no cases under " << oracle_folder()

// max |a - b| / max |b|, 0 where both are all zero.
inline double relative_error(const at::Tensor& a, const at::Tensor& b) {
  const double largest = b.abs().max().item<double>();
  const double error = (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  return largest == 0.0 ? error : error / largest;
}

}  // namespace gradus::testing_support
