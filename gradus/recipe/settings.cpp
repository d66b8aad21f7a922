#include "gradus/recipe/settings.h"

namespace gradus {
namespace {

// Over the default observer that `settings` holds.
void take_observer(const TensorRecipe& recipe, TensorSettings& settings) {
  if (recipe.range) settings.observer = "given";
  settings.observer = recipe.observer.value_or(settings.observer);
  settings.averaging_constant = recipe.averaging_constant.value_or(settings.averaging_constant);
  settings.percentile = recipe.percentile.value_or(settings.percentile);
  settings.range = recipe.range;
}

}  // namespace

QuantizerSpec TensorSettings::spec() const {
  return {bits, is_signed, symmetric, narrow_range, per_channel, 0};
}

TensorRecipe merge(const TensorRecipe& base, const TensorRecipe& over) {
  TensorRecipe merged = base;
  const auto take = [](auto& into, const auto& from) {
    if (from) into = from;
  };
  take(merged.bits, over.bits);
  take(merged.estimator, over.estimator);
  take(merged.observer, over.observer);
  take(merged.per_channel, over.per_channel);
  take(merged.symmetric, over.symmetric);
  take(merged.is_signed, over.is_signed);
  take(merged.narrow_range, over.narrow_range);
  take(merged.averaging_constant, over.averaging_constant);
  take(merged.percentile, over.percentile);
  take(merged.range, over.range);
  return merged;
}

TensorSettings weight_settings(const TensorRecipe& recipe) {
  TensorSettings settings;
  settings.bits = recipe.bits.value_or(8);
  const bool coarse = settings.bits >= 2 && settings.bits <= 4;
  settings.estimator = recipe.estimator.value_or(coarse ? "lsq" : "ste");
  settings.observer = coarse ? "mse" : "minmax";
  settings.per_channel = recipe.per_channel.value_or(true);
  settings.is_signed = recipe.is_signed.value_or(true);
  settings.symmetric = recipe.symmetric.value_or(settings.is_signed);
  settings.narrow_range = recipe.narrow_range.value_or(settings.is_signed && settings.symmetric);
  take_observer(recipe, settings);
  return settings;
}

TensorSettings activation_settings(const TensorRecipe& recipe) {
  TensorSettings settings;
  settings.bits = recipe.bits.value_or(8);
  const bool coarse = settings.bits <= 4;
  settings.estimator = recipe.estimator.value_or(coarse ? "lsq" : "ste");
  settings.observer = coarse ? "mse" : "moving_average_minmax";
  settings.symmetric = recipe.symmetric.value_or(false);
  settings.is_signed = recipe.is_signed.value_or(false);
  settings.narrow_range = recipe.narrow_range.value_or(false);
  take_observer(recipe, settings);
  return settings;
}

std::string conflict(const TensorSettings& settings, bool weights) {
  if (settings.is_float()) return "";
  if ((settings.observer == "given") != settings.range.has_value()) {
    return settings.range ? "a given range is not observed; leave out observer, or set it to given"
                          : "observer given has no range; set range: [min, max]";
  }
  if (weights && settings.is_signed && settings.bits == 1 && !settings.symmetric) {
    return "signed 1-bit codes {-1, +1} have no zero point; set symmetric: true";
  }
  if (weights && !settings.is_signed && settings.symmetric) {
    return "unsigned symmetric codes have nothing below zero; set symmetric: false";
  }
  if (!weights && settings.bits == 1 && (settings.is_signed || settings.symmetric)) {
    return "1-bit activations are {0, 1}: zero must be a code; set signed: false, symmetric: false";
  }
  return "";
}

}  // namespace gradus
