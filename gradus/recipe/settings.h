// What a recipe leaves open, closed: the settings of one tensor, every field known.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "gradus/recipe/recipe.h"

namespace gradus {

struct TensorSettings {
  int bits = 8;  // 1..8, or 32: float
  std::string estimator;
  std::string observer;
  bool per_channel = false;
  bool symmetric = false;
  bool is_signed = false;
  bool narrow_range = false;
  float averaging_constant = 0.01f;
  float percentile = 99.99f;
  std::optional<std::array<float, 2>> range{};

  bool is_float() const { return bits == 32; }
  QuantizerSpec spec() const;
  bool operator==(const TensorSettings&) const = default;
};

// Field by field: what `over` says, else what `base` says.
TensorRecipe merge(const TensorRecipe& base, const TensorRecipe& over);

// Weights: signed symmetric narrow, one scale a channel. lsq from a range searched by mse at 2..4
// bits, where the step matters more than the range; ste from the extremes above, and at 1 bit,
// whose scale is the mean magnitude.
TensorSettings weight_settings(const TensorRecipe& recipe);

// Activations: per tensor, unsigned, with a zero point where the range goes below zero. lsq from
// mse at 1..4 bits, ste from moving_average_minmax above.
TensorSettings activation_settings(const TensorRecipe& recipe);

// Why no quantizer can have these settings together; "" if one can.
std::string conflict(const TensorSettings& settings, bool weights);

}  // namespace gradus
