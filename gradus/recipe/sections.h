// Every section of a recipe as a list of fields.
#pragma once

#include "gradus/recipe/fields.h"
#include "gradus/recipe/recipe.h"

namespace gradus {

const Section<Recipe>& root_fields();              // version, quantize, data, ignored_scope
const Section<TensorRecipe>& weight_fields();      // defaults.weights, overrides[].weights
const Section<TensorRecipe>& activation_fields();  // without per_channel
const Section<Override>& override_fields();        // select, optional
const Section<Recipe>& observer_fields();
const Section<Recipe>& bn_fields();
const Section<CalibrationRecipe>& calibration_fields();
const Section<TrainingRecipe>& training_fields();
const Section<AugmentationRecipe>& augmentation_fields();
const Section<Recipe>& numerics_fields();

}  // namespace gradus
