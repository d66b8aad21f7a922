// What happens to a picture between the file and the network, so that a trained artefact can
// remember it and later commands need only the folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gradus {

enum class ChannelOrder { kRgb, kBgr };

// Where a centre crop begins if an odd number of pixels is left over: half a pixel rounded to the
// even neighbour, as torchvision does, or down, as TensorFlow does. Half a percent of a
// network's answers hang on it.
enum class CropRound { kEven, kDown };

// Whether a picture that says by its Exif tag how it was held is turned upright, as viewers show
// it, or left as it is stored, as torchvision's folders leave it.
enum class ExifRotation { kApply, kIgnore };

// In this order: turn upright, make `channels`, resize the shorter side to `resize`, crop the
// centre `crop` x `crop`, reorder the channels, value = (byte * scale / 255 - mean[channel]) /
// std[channel], each operation in float. (byte * scale before / 255: scale 1 gives torchvision's
// ToTensor and scale 255 the bytes, exactly.)
struct Preprocessing {
  float scale = 1.0f;
  std::vector<float> mean{};  // after `order`; empty: 0; one value: for every channel
  std::vector<float> std{};   // after `order`; empty: 1; one value: for every channel
  ChannelOrder order = ChannelOrder::kRgb;
  std::int64_t resize = 0;  // pixels, 0: as it is
  std::int64_t crop = 0;    // pixels, 0: as it is
  CropRound crop_round = CropRound::kEven;
  ExifRotation exif = ExifRotation::kApply;
  std::int64_t channels = 0;  // 1: grey, 3: RGB, 4: RGB and alpha; 0: what the source has

  bool operator==(const Preprocessing&) const = default;
};

// Flat text for a file's metadata: the data spec's option names and values, e.g. {"std",
// ".5/.5/.5"}; empty mean and std and zero sizes are left out. Floats are written so that they read
// back to the same bits.
std::map<std::string, std::string> to_key_values(const Preprocessing& preprocessing);

// The inverse. Throws Error (kInvalidArgument), starting with `where`, if a key is no preprocessing
// option or a value is malformed or out of range.
Preprocessing preprocessing_from_key_values(const std::map<std::string, std::string>& key_values,
                                            const std::string& where);

}  // namespace gradus
