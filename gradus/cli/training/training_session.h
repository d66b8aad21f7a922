// What `train`, `quantize` and `quickstart` share: data sets of a training, its progress line, its
// report, and the RUN folder they fill.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gradus/cli/artefact.h"
#include "gradus/cli/console.h"
#include "gradus/data/dataset.h"
#include "gradus/train/train.h"

namespace gradus {

struct TrainingData {
  std::unique_ptr<Dataset> train;
  std::unique_ptr<Dataset> validation;  // held out of the training split; may be null
  std::unique_ptr<Dataset> test;        // only reported; may be null
  TrainData view() const { return {train.get(), validation.get(), test.get()}; }
};

// The spec with the recipe's augmentation where it names none itself.
DataSpec with_augmentation(const DataSpec& spec, const AugmentationRecipe& augmentation);

// Opens the training split of `spec`, less `validation_images` of it (data/subset.h), which become
// the validation set without augmentation, and the test split if `with_test`.
TrainingData open_training_data(const DataSpec& spec, int validation_images, bool with_test);

// Progress and reports of train() on the console.
TrainCallbacks training_callbacks(Console& console);

// Puts the trained state of `graph` into the RUN folder.
void finish_run(const std::string& run, const Graph& graph);

// The libraries, seed and data that made an artefact.
Metadata describe_session(const Recipe& recipe, const Dataset& data, const std::string& source);

}  // namespace gradus
