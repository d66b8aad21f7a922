// Runs a float operator on small tensors written down in a test.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "gradus/floatops/float_op.h"

namespace gradus::testing_support {

struct FloatTensor {
  Shape shape;
  std::vector<float> data;
};

// An empty shape with no data stands for an input that is left out.
inline std::vector<float> run_op(const std::string& type,
                                 const std::map<std::string, floatops::AttributeValue>& attributes,
                                 const std::vector<FloatTensor>& inputs, const Shape& out) {
  const floatops::FloatOp* op = floatops::find_float_op(type);
  if (op == nullptr) {
    ADD_FAILURE() << type << " is not in the list";
    return {};
  }
  std::vector<floatops::FloatInput> from;
  for (const auto& input : inputs) from.push_back({input.data, input.shape});
  std::vector<float> result(static_cast<std::size_t>(element_count(out).value()), -77.0f);
  const floatops::FloatOutput to{result, out};
  floatops::run_float_op(*op, floatops::Attributes(attributes), from, {&to, 1});
  return result;
}

}  // namespace gradus::testing_support
