#include "gradus/data/preprocessing.h"

#include "gradus/base/error.h"
#include "gradus/data/data_options.h"

namespace gradus {

Preprocessing preprocessing_of(const DataSpec& spec) {
  Preprocessing result;
  result.scale = spec.scale.value_or(1.0f);
  result.mean = spec.mean.value_or(std::vector<float>{});
  result.std = spec.std.value_or(std::vector<float>{});
  result.order = spec.order.value_or(ChannelOrder::kRgb);
  result.resize = spec.resize.value_or(0);
  result.crop = spec.crop.value_or(0);
  result.crop_round = spec.crop_round.value_or(CropRound::kEven);
  result.exif = spec.exif.value_or(ExifRotation::kApply);
  result.channels = spec.channels.value_or(0);
  return result;
}

DataSpec spec_of(const Preprocessing& preprocessing) {
  DataSpec spec;
  spec.scale = preprocessing.scale;
  if (!preprocessing.mean.empty()) spec.mean = preprocessing.mean;
  if (!preprocessing.std.empty()) spec.std = preprocessing.std;
  spec.order = preprocessing.order;
  if (preprocessing.resize > 0) spec.resize = preprocessing.resize;
  if (preprocessing.crop > 0) spec.crop = preprocessing.crop;
  if (preprocessing.crop_round != CropRound::kEven) spec.crop_round = preprocessing.crop_round;
  if (preprocessing.exif != ExifRotation::kApply) spec.exif = preprocessing.exif;
  if (preprocessing.channels > 0) spec.channels = preprocessing.channels;
  return spec;
}

std::map<std::string, std::string> to_key_values(const Preprocessing& preprocessing) {
  std::map<std::string, std::string> key_values;
  const DataSpec spec = spec_of(preprocessing);
  for (const DataOption& option : data_options()) {
    if (auto value = option.write(spec)) key_values[option.name] = *value;
  }
  return key_values;
}

Preprocessing preprocessing_from_key_values(const std::map<std::string, std::string>& key_values,
                                            const std::string& where) {
  DataSpec spec;
  for (const auto& [name, value] : key_values) set_option(spec, name, value, where);
  const Preprocessing preprocessing = preprocessing_of(spec);
  const DataSpec kept = spec_of(preprocessing);
  for (const DataOption& option : data_options()) {
    if (option.write(spec) && !option.write(kept)) {
      throw Error(ErrorCode::kInvalidArgument,
                  where + ": option " + option.name +
                      " says nothing about preprocessing; expected "
                      "scale, mean, std, order, resize, crop, crop_round, exif or channels");
    }
  }
  return preprocessing;
}

}  // namespace gradus
