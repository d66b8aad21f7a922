// How gradients pass a quantizer. One estimator is one file in estimators/ and one line in
// CMakeLists.txt. Recipes name them by `estimator`.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>

#include "gradus/fakequant/fake_quant.h"

namespace gradus {

struct Estimator {
  const char* name;
  const char* reference;  // paper with version and equations
  bool learns_scale;      // quantizer.scale is a parameter that gets a gradient
  // y = fake_quantize(x, quantizer) with this estimator's gradients.
  //   scale_gradient  factor on the scale's gradient, for estimators that learn it
  at::Tensor (*apply)(const at::Tensor& x, const FakeQuantizer& quantizer, double scale_gradient);
};

// In the order of CMakeLists.txt.
std::span<const Estimator> estimators();

// Throws Error (kInvalidArgument), naming the nearest one, if there is no such estimator.
const Estimator& find_estimator(const std::string& name);

// LSQ's factor on the scale's gradient, 1 / sqrt(elements * quant_max) (1902.08153v3, section 2.2):
// elements that one scale quantizes in one sample, quant_max the largest positive code.
double learned_step_gradient_factor(std::int64_t elements, const Grid& grid);

}  // namespace gradus
