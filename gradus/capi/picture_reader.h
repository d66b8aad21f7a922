// From a picture's bytes to the floats that a network takes, by the preprocessing that the model's
// metadata remembers; the same values to the last bit as the data sets give (data/preprocessing.h),
// without their decoders, so that the library for devices stays small.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradus/data/preprocessing.h"
#include "gradus/data/resize.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

// The "data.pixels.*" of a model's metadata; nothing if there is none. Throws Error (kInvalidFile)
// naming a key that is malformed, out of range, or unknown: a picture must not be read otherwise
// than in training.
std::optional<Preprocessing> stored_preprocessing(
    const std::map<std::string, std::string>& metadata);

class PictureReader {
 public:
  // Throws Error (kInvalidFile) if the preprocessing does not fit the channels of `input`.
  PictureReader(const Preprocessing& preprocessing, const QTensor& input);

  // Throws Error (kInvalidArgument), starting with `where`, unless the picture has the input's
  // channels, legal sides, and comes out in the size of the input.
  void check(const PictureView& picture, const std::string& where) const;

  // Writes [channels, height, width] to `out`. The picture has passed check(). Allocates only if it
  // is to be resized and the size differs from that of the last one resized.
  void read(const PictureView& picture, std::span<float> out);

 private:
  PictureSize resized(PictureSize size) const;

  const Preprocessing preprocessing_;
  const PictureSize input_;
  std::vector<std::array<float, 256>> tables_;  // a channel of the input
  std::optional<BilinearResize> resize_;
};

}  // namespace gradus
