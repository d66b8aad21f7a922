// The torch-oracle suite through gradus's own paths. A group of cases is a folder of the suite;
// each has a judge, and a group without one is a failure. A judge compares with EXPECT_*; what
// gradus does not compute it refuses with an Error (kUnsupported), which the table shows.
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

#include "tests/support/suite_case.h"

namespace gradus::torch_oracle {

using testing_support::SuiteCase;

// What a case showed beside passing, for the table: "error 0.98 of torch's".
struct Notes {
  std::vector<std::string> lines;
};

struct Group {
  const char* name;
  void (*judge)(const SuiteCase& c, Notes& notes);
};
std::span<const Group> groups();

// Layers: outputs and gradients within 1e-5 of the largest.
void judge_convolution(const SuiteCase& c, Notes& notes);
void judge_linear(const SuiteCase& c, Notes& notes);
void judge_max_pool(const SuiteCase& c, Notes& notes);
void judge_average_pool(const SuiteCase& c, Notes& notes);
void judge_adaptive_pool(const SuiteCase& c, Notes& notes);
void judge_batch_norm_training(const SuiteCase& c, Notes& notes);
void judge_batch_norm_evaluation(const SuiteCase& c, Notes& notes);
void judge_activation(const SuiteCase& c, Notes& notes);
// Quantizers.
void judge_fake_quantization(const SuiteCase& c, Notes& notes);
void judge_learnable_scale(const SuiteCase& c, Notes& notes);
void judge_observer(const SuiteCase& c, Notes& notes);
void judge_integer_convolution(const SuiteCase& c, Notes& notes);
// Training.
void judge_cross_entropy(const SuiteCase& c, Notes& notes);
void judge_distillation(const SuiteCase& c, Notes& notes);
void judge_optimizer(const SuiteCase& c, Notes& notes);
void judge_schedule(const SuiteCase& c, Notes& notes);
void judge_clipping(const SuiteCase& c, Notes& notes);
void judge_trajectory(const SuiteCase& c, Notes& notes);

// An array as float32, or as it is for references in float64.
at::Tensor floats(const SuiteCase& c, const std::string& array);
at::Tensor doubles(const SuiteCase& c, const std::string& array);

// max |a - b| / max |b|, 0 where both are all zero.
double relative_error(const at::Tensor& a, const at::Tensor& b);

// Throws Error (kUnsupported) naming a key of the case that is not among `known`: an option that
// gradus does not have must not be passed over.
void refuse_other_keys(const SuiteCase& c, std::initializer_list<const char*> known);

}  // namespace gradus::torch_oracle
