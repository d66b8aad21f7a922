// A recipe: how a network is quantized and trained. Plain data with the defaults people expect,
// read from YAML; an unknown key is an error that names the nearest valid one. Reading fills a
// Recipe; settings.h closes what a recipe leaves open, keys.h lists the keys.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/quant/quantizer.h"
#include "gradus/quant/requantize.h"

namespace gradus {

// Settings of one kind of tensor; an empty optional means "as the defaults say".
struct TensorRecipe {
  std::optional<int> bits{};               // 1..8; 32 keeps float
  std::optional<std::string> estimator{};  // "ste", "lsq"
  std::optional<std::string> observer{};   // a name of observers(), fakequant/observer.h
  std::optional<bool> per_channel{};       // weights only
  std::optional<bool> symmetric{};
  std::optional<bool> is_signed{};  // key `signed`; activations: chosen from the range if empty
  std::optional<bool> narrow_range{};
  std::optional<float>
      averaging_constant{};           // of moving_average_minmax, (0, 1]; ema_decay = 1 - it
  std::optional<float> percentile{};  // of percentile, (50, 100]
  std::optional<std::array<float, 2>> range{};  // of given: min < max, widened to contain 0
  bool operator==(const TensorRecipe&) const = default;
};

struct Override {
  std::string select;     // exact node name, glob, "re:...", "type:Conv", "io:first", "io:last"
  bool optional = false;  // may match nothing; otherwise that is an error
  TensorRecipe weights;
  TensorRecipe activations;
  bool operator==(const Override&) const = default;
};

enum class BatchNormMode { kFold, kSeparate };

struct TrainingRecipe {
  int epochs = 5;
  int batch_size = 128;
  std::string optimizer = "sgd";  // "sgd", "adam", "adamw", "rmsprop", "adagrad"
  double lr = 0.01;
  double momentum = 0.9;
  bool nesterov = false;
  std::array<double, 2> betas = {0.9, 0.999};  // of adam and adamw
  double smoothing = 0.99;                     // of rmsprop, PyTorch's alpha
  double epsilon = 1e-8;                       // of all but sgd
  double weight_decay = 5e-5;
  std::string schedule = "cosine";  // train/schedule.h
  std::vector<double> milestones;   // step: fractions of all epochs, each times `gamma`
  double gamma = 0.1;
  double min_lr = 0.0;          // where cosine, polynomial and one_cycle end
  double power = 1.0;           // of polynomial
  double restart_after = 0.25;  // of cosine_restarts: the first period, a fraction of all epochs
  int restart_factor = 2;       // each period is so many times as long as the one before
  double warmup_epochs = 0.0;
  std::optional<double> warmup_start;  // the first warm-up rate, as a fraction of lr
  double clip_grad_norm = 0.0;         // 0: none
  double quantizer_lr = 0.1;           // factor on lr for learned scales
  double label_smoothing = 0.0;
  int validation_images = 0;  // held out of the training split, to choose by
  std::uint64_t seed = 1;
  bool operator==(const TrainingRecipe&) const = default;
};

// How training pictures are varied; the keys but the last three are the options of a data SPEC of
// the same name (data/data_options.h), which win where both are given. Empty: as the data says.
struct AugmentationRecipe {
  std::optional<std::string> augment{};
  std::optional<double> hflip{};
  std::optional<double> vflip{};
  std::vector<double> crop_scale{};
  std::vector<double> crop_ratio{};
  std::vector<double> jitter{};
  std::vector<double> randaugment{};
  double mixup = 0.0;            // alpha of Beta(alpha, alpha), 0: none (data/mix.h)
  double cutmix = 0.0;           // likewise
  double mix_probability = 1.0;  // of a batch
  bool operator==(const AugmentationRecipe&) const = default;
};

struct CalibrationRecipe {
  int images = 512;
  int batch_size = 64;
  std::uint64_t seed = 1;
  bool operator==(const CalibrationRecipe&) const = default;
};

struct Recipe {
  int version = 1;
  bool quantize = true;                    // false: float training
  TensorRecipe weights;                    // defaults.weights
  TensorRecipe activations;                // defaults.activations
  std::vector<Override> overrides;         // the last match wins, field by field
  std::vector<std::string> ignored_scope;  // selectors of nodes that stay float
  BatchNormMode bn = BatchNormMode::kSeparate;
  // Freeze batch-norm statistics and observers for the last part: a fraction of all epochs.
  double bn_freeze_at = 0.8;
  double observer_freeze_at = 0.8;
  int bn_reestimate_batches = 0;
  CalibrationRecipe calibration;
  TrainingRecipe training;
  AugmentationRecipe augmentation;
  Profile profile = Profile::kIeee32;  // numerics.requantize
  bool islands = true;                 // numerics.islands: operators without integers run in float
  std::optional<std::string> data;     // a data SPEC, see data/
  bool operator==(const Recipe&) const = default;
};

// Reads and validates YAML. `where` names the source in errors. All problems are reported at once,
// one a line. Throws Error (kInvalidArgument).
Recipe parse_recipe(const std::string& yaml, const std::string& where);
Recipe load_recipe(const std::string& path);
// "w4a4" (also "W4A4", "A4W4"): the default recipe at those bits; the first and last layer, and
// tensors that only an addition or an average reads, which cost no multiplication, at 8. "w8a32"
// and "w32a8" keep activations or weights float, "float" trains without quantizers. Throws Error
// (kInvalidArgument) naming the form if `name` is no preset.
Recipe preset_recipe(const std::string& name);
// The resolved recipe as YAML: every key with its value. parse_recipe(to_yaml(r)) equals r.
std::string to_yaml(const Recipe& recipe);

}  // namespace gradus
