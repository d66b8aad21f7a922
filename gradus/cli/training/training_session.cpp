#include "gradus/cli/training/training_session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "gradus/cli/text.h"
#include "gradus/data/source.h"
#include "gradus/data/subset.h"
#include "gradus/run/run.h"

namespace gradus {
namespace {

void show_progress(Console& console, const TrainProgress& progress) {
  if (progress.phase != TrainPhase::kTrain) {
    const char* what = progress.phase == TrainPhase::kCalibrate  ? "calibrate"
                       : progress.phase == TrainPhase::kEvaluate ? "evaluate"
                                                                 : "re-estimate batch norm";
    console.progress(fmt::format("{} {}/{}", what, progress.step, progress.steps),
                     progress.step == progress.steps);
    return;
  }
  console.progress(
      fmt::format(
          "epoch {}/{}  step {}/{}  loss {:.4f}  top-1 {:.2f} %  lr {:.2g}  {:.0f} images/s  "
          "{} left",
          progress.epoch, progress.epochs, progress.step, progress.steps, progress.loss,
          100 * progress.accuracy, progress.lr, progress.images_per_second,
          format_seconds(progress.seconds_left)),
      progress.step == progress.steps);
}

void show_epoch(Console& console, const EpochReport& report) {
  Console::Fields fields = {{"epoch", json_number(std::int64_t{report.epoch})},
                            {"loss", json_number(report.loss)},
                            {"train_top1", json_number(report.accuracy)},
                            {"seconds", json_number(report.seconds)}};
  std::string text = fmt::format("epoch {}: loss {:.4f}, training top-1 {:.2f} %", report.epoch,
                                 report.loss, 100 * report.accuracy);
  const auto add = [&](const char* name, const std::optional<Accuracy>& accuracy) {
    if (!accuracy) return;
    fields.emplace_back(std::string(name) + "_top1", json_number(accuracy->top1));
    text += fmt::format(", {} {}", name, accuracy_text(accuracy->top1, accuracy->images));
  };
  add("validation", report.validation);
  add("test", report.test);
  console.result("epoch", fields, text + ", " + format_seconds(report.seconds));
}

// Which samples the ranges came from: by their places in the data set, up to a number that stays
// readable, and by a checksum of them all.
void remember_calibration(const CalibrationRecipe& recipe, const Dataset& data,
                          Metadata& metadata) {
  constexpr std::size_t kMostListed = 4096;
  const std::vector<std::int64_t> samples = calibration_samples(recipe, data.size());
  metadata["calibration"] =
      fmt::format("{} of {} images by seed {}, crc32 {:08x}", samples.size(), data.size(),
                  recipe.seed, crc32(std::as_bytes(std::span(samples))));
  if (samples.size() > kMostListed) return;
  metadata["calibration.samples"] = fmt::format("{}", fmt::join(samples, " "));
}

}  // namespace

DataSpec with_augmentation(const DataSpec& spec, const AugmentationRecipe& augmentation) {
  DataSpec asked;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty())
      set_option(asked, name, value, std::string("recipe: augmentation: ") + name);
  };
  const auto set_numbers = [&](const char* name, const std::vector<double>& values) {
    set(name, fmt::format("{}", fmt::join(values, "/")));
  };
  const auto set_number = [&](const char* name, const std::optional<double>& value) {
    if (value) set(name, fmt::format("{}", *value));
  };
  set("augment", augmentation.augment.value_or(""));
  set_number("hflip", augmentation.hflip);
  set_number("vflip", augmentation.vflip);
  set_numbers("crop_scale", augmentation.crop_scale);
  set_numbers("crop_ratio", augmentation.crop_ratio);
  set_numbers("jitter", augmentation.jitter);
  set_numbers("randaugment", augmentation.randaugment);
  return merge(asked, spec);
}

TrainingData open_training_data(const DataSpec& spec, int validation_images, bool with_test) {
  TrainingData data;
  DataSpec train = spec;
  if (!train.split) train.split = Split::kTrain;
  data.train = open_dataset(train);
  if (validation_images > 0) {
    const std::int64_t all = data.train->size();
    if (validation_images >= all) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("training.validation_images is {}; the training split has only {}",
                              validation_images, all));
    }
    HeldOut parts = hold_out(all, validation_images);
    data.validation =
        make_subset(open_dataset(without_augmentation(train)), std::move(parts.validation));
    data.train = make_subset(std::move(data.train), std::move(parts.training));
  }
  if (with_test) {
    DataSpec test = spec;
    test.split = Split::kTest;
    data.test = open_dataset(test);
  }
  return data;
}

TrainCallbacks training_callbacks(Console& console) {
  TrainCallbacks callbacks;
  callbacks.progress = [&console](const TrainProgress& p) { show_progress(console, p); };
  callbacks.calibrated = [&console](const Accuracy& ptq) {
    console.result("ptq", {{"top1", json_number(ptq.top1)}, {"images", json_number(ptq.images)}},
                   "calibrated, before training: " + accuracy_text(ptq.top1, ptq.images));
  };
  callbacks.epoch_done = [&console](const EpochReport& report) { show_epoch(console, report); };
  return callbacks;
}

Metadata describe_session(const Recipe& recipe, const Dataset& data, const std::string& source) {
  Metadata metadata = {{"gradus.version", GRADUS_VERSION},
                       {"libtorch.version", GRADUS_LIBTORCH_VERSION},
                       {"source", source},
                       {"seed", std::to_string(recipe.training.seed)},
                       {"data.source", data.info().name},
                       {"data.hash", data.content_hash()}};
  if (recipe.quantize) remember_calibration(recipe.calibration, data, metadata);
  remember_data(data, metadata);
  return metadata;
}

}  // namespace gradus
