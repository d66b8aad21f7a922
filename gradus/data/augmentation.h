// How training pictures are varied. Every choice is drawn from one sample's own random stream, so
// it hangs on seed, epoch and sample alone: not on threads, not on where a run was resumed.
#pragma once

#include <array>
#include <string>

#include "gradus/base/rng.h"
#include "gradus/data/data_spec.h"
#include "gradus/data/decode.h"
#include "gradus/data/picture.h"

namespace gradus {

struct Augmentation {
  enum class Crop {
    kNone,
    kPad,            // 4 black pixels around, then a crop of the old size at a uniform place
    kRandomResized,  // a random part, resized to the picture's size (Szegedy et al., 2015)
  };
  Crop crop = Crop::kNone;
  std::array<float, 2> crop_scale = {0.08f, 1.0f};               // share of the area
  std::array<float, 2> crop_ratio = {3.0f / 4.0f, 4.0f / 3.0f};  // width / height
  float hflip = 0.0f;                                            // probability
  float vflip = 0.0f;
  std::array<float, 4> jitter{};  // brightness, contrast, saturation, hue: as torchvision's
  int operations = 0;             // of RandAugment
  int magnitude = 0;              // of 30

  bool changes_colour() const;
  bool operator==(const Augmentation&) const = default;
};

// What the spec asks for; `usual` where its `augment` is empty. Nothing in the test split.
Augmentation augmentation_of(const DataSpec& spec, Augment usual);

// Where a picture comes to lie: output (x, y) shows input (x + left, y + top), mirrored first if
// `flip`, upside down if `turn`; black outside.
struct Placement {
  int left = 0;
  int top = 0;
  bool flip = false;
  bool turn = false;
  bool operator==(const Placement&) const = default;
};
Placement draw_placement(const Augmentation& augmentation, Rng& rng);

// A part of a picture.
struct Box {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};
// torchvision's RandomResizedCrop: ten tries at a share of the area and a ratio, uniform and
// log-uniform; then the largest centre part of an allowed ratio.
Box draw_box(PictureSize size, const Augmentation& augmentation, Rng& rng);
PictureView part_of(const PictureView& picture, const Box& box);

// The picture, placed, as one of its own.
Picture placed(const PictureView& picture, const Placement& placement);

// RandAugment (Cubuk et al., arXiv:1909.13719v2) as torchvision defines its 14 operations, then
// ColorJitter in a random order.
void change_colour(Picture& picture, const Augmentation& augmentation, Rng& rng);

// The names of RandAugment's operations, and one of them at `magnitude` of 30, `negative` where it
// has a sign.
const std::vector<std::string>& randaugment_names();
void randaugment(Picture& picture, std::size_t operation, int magnitude, bool negative);

}  // namespace gradus
