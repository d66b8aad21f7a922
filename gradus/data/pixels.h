// From bytes to the floats that a network takes: normalisation, placement and memory layout in one
// pass.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/shape.h"
#include "gradus/data/augmentation.h"
#include "gradus/data/data_spec.h"
#include "gradus/data/picture.h"
#include "gradus/data/preprocessing.h"

namespace gradus {

struct ImageShape {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  std::int64_t elements() const { return channels * height * width; }
  bool operator==(const ImageShape&) const = default;
};

// Whether images are what a network takes: maps of the same size; a vector of as many features
// (height and width 1), in the order channels, rows, columns; or a signal (height 1), [channels,
// length], which arrays may hold as a single map.
bool feeds(const ImageShape& image, const ImageShape& input);

// The same for a network's input [batch, channels, height, width], [batch, channels, length] or
// [batch, features]. Throws Error (kInvalidArgument), at `place`, where they do not fit.
void require_feeds(const ImageShape& image, const Shape& input, const std::string& place);

// Values from one element of an image to the next in `layout`.
struct Strides {
  std::int64_t channel = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
};
Strides strides_of(const ImageShape& shape, Layout layout);

// The value of one of `values` (mean or std) for a channel: its own, the only one, or `fallback`.
// Throws Error (kInvalidArgument) naming option `name` unless there are 0, 1 or `channels` of them.
std::vector<float> per_channel(const std::vector<float>& values, const char* name, int channels,
                               float fallback, const std::string& where);

// Preprocessing's scale, mean, std and order as a table of 256 floats per output channel.
class PixelTable {
 public:
  // Throws Error (kInvalidArgument) if mean or std has neither one value nor one per channel, or if
  // order=bgr is asked of other than three channels.
  PixelTable(const Preprocessing& preprocessing, int channels, const std::string& where);

  // Whether the last channel of a picture becomes the first.
  bool reversed() const noexcept { return reversed_; }

  // Writes `picture`, placed, to `out` in `layout`; the picture has the table's channels and `out`
  // as many values as the picture.
  void write(const PictureView& picture, const Placement& placement, Layout layout,
             std::span<float> out) const;

 private:
  std::vector<std::array<float, 256>> channels_;
  bool reversed_ = false;
};

}  // namespace gradus
