#include "tests/suites/torch_oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "gradus/base/error.h"

namespace gradus::torch_oracle {

at::Tensor doubles(const SuiteCase& c, const std::string& array) {
  const auto values = c.array(array);
  return at::tensor(values.values, at::kDouble).reshape(values.shape);
}

at::Tensor floats(const SuiteCase& c, const std::string& array) {
  return doubles(c, array).to(at::kFloat);
}

double relative_error(const at::Tensor& a, const at::Tensor& b) {
  const double largest = b.abs().max().item<double>();
  const double error = (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  return largest == 0.0 ? error : error / largest;
}

void refuse_other_keys(const SuiteCase& c, std::initializer_list<const char*> known) {
  for (const std::string& key : c.keys()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      throw Error(ErrorCode::kUnsupported, "option " + key + " is not one of gradus's");
    }
  }
}

std::span<const Group> groups() {
  static const std::vector<Group> list = {{"conv2d", judge_convolution},
                                          {"linear", judge_linear},
                                          {"maxpool2d", judge_max_pool},
                                          {"avgpool2d", judge_average_pool},
                                          {"adaptive_avgpool2d", judge_adaptive_pool},
                                          {"batchnorm_train", judge_batch_norm_training},
                                          {"batchnorm_eval", judge_batch_norm_evaluation},
                                          {"activation", judge_activation},
                                          {"fake_quant_tensor", judge_fake_quantization},
                                          {"fake_quant_channel", judge_fake_quantization},
                                          {"learnable_scale_tensor", judge_learnable_scale},
                                          {"learnable_scale_channel", judge_learnable_scale},
                                          {"observers", judge_observer},
                                          {"qconv2d_u8s8", judge_integer_convolution},
                                          {"cross_entropy", judge_cross_entropy},
                                          {"distill_kl", judge_distillation},
                                          {"optimizer", judge_optimizer},
                                          {"lr_schedule", judge_schedule},
                                          {"clip_grad_norm", judge_clipping},
                                          {"train_trajectory", judge_trajectory}};
  return list;
}

namespace {

struct Row {
  int cases = 0, passed = 0, refused = 0, wrong = 0;
  std::map<std::string, std::vector<std::string>> notes;  // by text: the cases
};

int failures() {
  return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
}

void judge(const Group& group, const SuiteCase& c, Row& row) {
  SCOPED_TRACE(std::string(group.name) + "/" + c.name());
  ++row.cases;
  const int before = failures();
  Notes notes;
  std::string refusal;
  try {
    group.judge(c, notes);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnsupported) {
      refusal = error.what();
    } else {
      ADD_FAILURE() << error.what();
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  if (failures() > before) {
    ++row.wrong;
  } else {
    ++(refusal.empty() ? row.passed : row.refused);
  }
  if (!refusal.empty()) row.notes["refused: " + refusal].push_back(c.name());
  for (const std::string& line : notes.lines) row.notes[line].push_back(c.name());
}

std::string table(const std::map<std::string, Row>& rows) {
  std::ostringstream out;
  out << "torch-oracle\n  group                    cases  passed  refused  wrong\n";
  Row sum;
  const auto line = [&out](const std::string& name, const Row& row) {
    out << "  " << std::left << std::setw(24) << name << std::right << std::setw(6) << row.cases
        << std::setw(8) << row.passed << std::setw(9) << row.refused << std::setw(7) << row.wrong
        << "\n";
    for (const auto& [text, cases] : row.notes) {
      out << "      " << text << ":";
      for (const auto& name : cases) out << " " << name;
      out << "\n";
    }
  };
  for (const auto& [name, row] : rows) {
    line(name, row);
    sum.cases += row.cases;
    sum.passed += row.passed;
    sum.refused += row.refused;
    sum.wrong += row.wrong;
  }
  line("all", sum);
  return out.str();
}

TEST(TorchOracle, EveryCaseIsAsItsReadmeJudges) {
  const auto folder = testing_support::suite_folder("torch-oracle");
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no cases under " << folder;
  std::map<std::string, Row> rows;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    const auto group = std::find_if(groups().begin(), groups().end(),
                                    [&](const Group& g) { return name == g.name; });
    if (group == groups().end()) {
      ADD_FAILURE() << "no judge for the cases of '" << name << "'";
      continue;
    }
    for (const SuiteCase& c : testing_support::suite_cases(entry.path())) {
      judge(*group, c, rows[name]);
    }
  }
  std::cout << table(rows);
}

}  // namespace
}  // namespace gradus::torch_oracle
