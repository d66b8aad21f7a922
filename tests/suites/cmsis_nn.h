// The test vectors of CMSIS-NN (suite cmsis-nn) judged twice: by the scalar functions of quant/ in
// plain loops, with the multipliers of the case, and by the engine, as a model made from the case,
// in the plain reference and on every instruction set of this CPU. Every output must be exact.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/qmodel/qmodel.h"
#include "tests/support/suite_case.h"

namespace gradus::cmsis_nn {

using testing_support::SuiteArray;
using testing_support::SuiteCase;

inline constexpr std::int64_t kNotRun = -1;

// What a case showed.
struct Outcome {
  std::int64_t outputs = 0;
  std::int64_t scalar_wrong = kNotRun;  // outputs that differ
  std::int64_t engine_wrong = kNotRun;  // in the reference or on any instruction set
  std::string refusal;                  // why one of them did not run
};

// One of the suite's operators. Throws std::runtime_error if the case lacks what it must have.
struct Judge {
  const char* op;
  // The engine has the operator: a case that it refuses is a failure.
  bool engine;
  Outcome (*run)(const SuiteCase& c);
};
std::span<const Judge> judges();

Outcome judge_linear(const SuiteCase& c);       // conv_*, depthwise_*, fc_*
Outcome judge_pool(const SuiteCase& c);         // avgpool_*, maxpool_*
Outcome judge_elementwise(const SuiteCase& c);  // add_*, mul_*
Outcome judge_softmax(const SuiteCase& c);
Outcome judge_network(const SuiteCase& c);

// A model of codes of scale 1, node after node, that ends in codes.
class ChainModel {
 public:
  // The input of height x width x channels, quantized to codes of `bits` signed bits.
  ChainModel(std::int32_t height, std::int32_t width, std::int32_t channels, int bits,
             std::int32_t zero_point);
  // A node after the last one.
  void add(const QOperator& op, std::int32_t height, std::int32_t width, std::int32_t channels,
           std::int32_t zero_point);
  const QTensor& last() const { return model_.tensors.back(); }
  // Runs codes [batch, height, width, channels] and returns how many outputs, in the same order,
  // differ from `expected`: in the reference or under any instruction set, the largest of these.
  // `expected` may be empty: then the reference's outputs are stored in `found` and every
  // instruction set is held to them.
  // Throws Error if the model is refused.
  std::int64_t wrong_codes(std::span<const std::int32_t> input,
                           std::span<const std::int32_t> expected,
                           std::vector<std::int32_t>* found = nullptr) const;

 private:
  QModel model_;
  int bits_;
};

std::int64_t count_differences(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

// What CMSIS-NN multiplies an accumulator with, multiplier * 2^(shift - 31), as the unit of an
// accumulator whose output has scale 1.
double unit_of(std::int64_t multiplier, std::int64_t shift);

// Padding after the last position, so that `out` windows fit.
std::int32_t padding_after(std::int64_t in, std::int64_t out, std::int64_t kernel,
                           std::int64_t stride, std::int64_t dilation, std::int64_t before);

}  // namespace gradus::cmsis_nn
