// From bytes to the floats that a network takes: normalisation, augmentation and memory layout in
// one pass.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/rng.h"
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

// How a batch lies in memory: [N, C, H, W] or [N, H, W, C].
enum class Layout { kNchw, kNhwc };

// Values from one element of an image to the next in `layout`.
struct Strides {
  std::int64_t channel = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
};
Strides strides_of(const ImageShape& shape, Layout layout);

// Where a picture comes to lie: output (x, y) shows input (x + left, y + top), mirrored first if
// `flip`; black outside.
struct Placement {
  int left = 0;
  int top = 0;
  bool flip = false;
};

// Pads by 4 and crops at a uniform place; flips half of the time. Draws the same number of values
// from `rng` whatever comes out.
Placement draw_placement(Augmentation augmentation, Rng& rng);

// Preprocessing's scale, mean, std and order as a table of 256 floats per output channel.
class PixelTable {
 public:
  // Throws Error (kInvalidArgument) if mean or std has neither one value nor one per channel, or if
  // order=bgr is asked of other than three channels.
  PixelTable(const Preprocessing& preprocessing, int channels, const std::string& where);

  // Writes `picture`, placed, to `out` in `layout`; the picture has the table's channels and `out`
  // as many values as the picture.
  void write(const PictureView& picture, const Placement& placement, Layout layout,
             std::span<float> out) const;

 private:
  std::vector<std::array<float, 256>> channels_;
  bool reversed_ = false;
};

}  // namespace gradus
