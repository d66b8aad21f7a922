// ONNX's own conformance cases and small models: every folder of $GRADUS_DATA/suites whose name
// begins with onnx- and that holds cases of that kind, whatever it is called. GRADUS_SUITE_NAMES=1
// prints every refusal.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

#include "tests/suites/onnx_case.h"
#include "tests/support/suite_case.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;
using testing_support::judge_onnx_case;
using testing_support::Outcome;
using testing_support::Verdict;

std::vector<fs::path> cases_of(const std::string& suite) {
  std::vector<fs::path> cases;
  const fs::path folder = testing_support::suite_folder(suite);
  if (!fs::is_directory(folder)) return cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path path = entry.path();
    if (fs::exists(path / "model.onnx") && fs::exists(path / "test_data_set_0")) {
      cases.push_back(path);
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

struct Table {
  int passed = 0, at_run_time = 0;
  std::map<std::string, int> excused;
  std::vector<std::string> bad;
};

void add(Table& table, const fs::path& path, const Verdict& verdict) {
  if (verdict.outcome == Outcome::kPassed) {
    ++table.passed;
    table.at_run_time += verdict.at_run_time ? 1 : 0;
  } else if (verdict.outcome == Outcome::kRefused && !verdict.excuse.empty()) {
    ++table.excused[verdict.excuse];
    if (std::getenv("GRADUS_SUITE_NAMES") != nullptr) {
      std::cout << path.filename().string() << ": refused: " << verdict.text << "\n";
    }
  } else {
    static const std::map<Outcome, const char*> kNames = {{Outcome::kRefused, "refused"},
                                                          {Outcome::kInvalid, "invalid"},
                                                          {Outcome::kWrong, "WRONG"},
                                                          {Outcome::kCrashed, "CRASHED"}};
    table.bad.push_back(path.filename().string() + ": " + kNames.at(verdict.outcome) + ": " +
                        verdict.text);
  }
}

void print(const std::string& suite, std::size_t cases, const Table& table) {
  int excused = 0;
  for (const auto& [reason, count] : table.excused) excused += count;
  std::cout << suite << ": " << cases << " cases, " << table.passed << " passed ("
            << table.at_run_time << " of them with run-time inputs), " << excused
            << " refused by name, " << table.bad.size() << " bad\n";
  for (const auto& [reason, count] : table.excused) {
    std::cout << "  refused " << count << ": " << reason << "\n";
  }
}

class OnnxSuite : public ::testing::TestWithParam<const char*> {};

TEST_P(OnnxSuite, EachCaseGivesItsOutputsOrIsRefusedByName) {
  const std::vector<fs::path> cases = cases_of(GetParam());
  if (cases.empty()) GTEST_SKIP() << "suite " << GetParam() << " is not there";
  Table table;
  for (const auto& path : cases) add(table, path, judge_onnx_case(path));
  print(GetParam(), cases.size(), table);
  for (const auto& text : table.bad) ADD_FAILURE() << text;
}

INSTANTIATE_TEST_SUITE_P(All, OnnxSuite,
                         ::testing::Values("onnx-node", "onnx-node-history", "onnx-pytorch",
                                           "onnx-models"),
                         [](const auto& suite) {
                           std::string name = suite.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace gradus
