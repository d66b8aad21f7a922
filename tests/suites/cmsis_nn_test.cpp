#include "tests/suites/cmsis_nn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "gradus/base/cpu.h"

namespace gradus::cmsis_nn {
namespace {

struct Row {
  int cases = 0, scalar_exact = 0, engine_exact = 0;
  std::int64_t outputs = 0;
  std::set<std::string> refusals;
};

void add_row(Row& row, const Outcome& outcome) {
  ++row.cases;
  row.outputs += outcome.outputs;
  row.scalar_exact += outcome.scalar_wrong == 0 ? 1 : 0;
  row.engine_exact += outcome.engine_wrong == 0 ? 1 : 0;
  if (!outcome.refusal.empty()) row.refusals.insert(outcome.refusal);
}

std::string table(const std::map<std::string, Row>& rows) {
  std::ostringstream out;
  out << "cmsis-nn under fixed31; engine: the reference and";
  for (Isa isa : all_isas()) out << (isa_supported(isa) ? std::string(" ") + isa_name(isa) : "");
  out << "\n  op             cases  outputs  scalar exact  engine exact  refused\n";
  Row sum;
  const auto line = [&out](const std::string& op, const Row& row) {
    out << "  " << std::left << std::setw(14) << op << std::right << std::setw(6) << row.cases
        << std::setw(9) << row.outputs << std::setw(14) << row.scalar_exact << std::setw(14)
        << row.engine_exact;
    const char* separator = "  ";
    for (const auto& refusal : row.refusals) {
      out << separator << refusal;
      separator = "; ";
    }
    out << "\n";
  };
  for (const auto& [op, row] : rows) {
    line(op, row);
    sum.cases += row.cases;
    sum.outputs += row.outputs;
    sum.scalar_exact += row.scalar_exact;
    sum.engine_exact += row.engine_exact;
  }
  line("all", sum);
  return out.str();
}

void expect_right(const Judge& judge, const Outcome& outcome) {
  EXPECT_GT(outcome.outputs, 0);
  EXPECT_TRUE(outcome.scalar_wrong == 0 || outcome.scalar_wrong == kNotRun)
      << outcome.scalar_wrong << " of " << outcome.outputs << " differ in quant's functions";
  EXPECT_TRUE(outcome.engine_wrong == 0 || outcome.engine_wrong == kNotRun)
      << outcome.engine_wrong << " of " << outcome.outputs << " differ in the engine";
  if (judge.engine) {
    EXPECT_EQ(outcome.engine_wrong, 0) << "the engine refused it: " << outcome.refusal;
    EXPECT_EQ(outcome.scalar_wrong, 0) << "quant's functions were not tried";
  }
  EXPECT_EQ(outcome.engine_wrong == kNotRun, !outcome.refusal.empty()) << outcome.refusal;
}

TEST(CmsisNn, EveryOutputOfEveryCaseIsExact) {
  const auto folder = testing_support::suite_folder("cmsis-nn");
  const auto cases = testing_support::suite_cases(folder);
  if (cases.empty()) GTEST_SKIP() << "no cases under " << folder;
  std::map<std::string, Row> rows;
  for (const SuiteCase& c : cases) {
    SCOPED_TRACE(c.name());
    const std::string& op = c.text("op");
    const auto judge =
        std::find_if(judges().begin(), judges().end(), [&](const Judge& j) { return op == j.op; });
    if (judge == judges().end()) {
      ADD_FAILURE() << "no judge for the operator '" << op << "'";
      continue;
    }
    try {
      const Outcome outcome = judge->run(c);
      expect_right(*judge, outcome);
      add_row(rows[op], outcome);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  std::cout << table(rows);
}

}  // namespace
}  // namespace gradus::cmsis_nn
