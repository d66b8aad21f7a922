#include "gradus/data/augmentation.h"

#include <algorithm>
#include <cmath>

#include "gradus/data/enhance.h"

namespace gradus {
namespace {

constexpr int kPad = 4;
constexpr int kBoxTries = 10;

std::array<float, 2> pair_of(const std::optional<std::vector<float>>& given,
                             std::array<float, 2> otherwise) {
  return given ? std::array<float, 2>{(*given)[0], (*given)[1]} : otherwise;
}

// The largest centre part whose ratio is allowed.
Box centre_box(PictureSize size, const std::array<float, 2>& ratio) {
  const double found = static_cast<double>(size.width) / size.height;
  Box box{0, 0, size.width, size.height};
  if (found < static_cast<double>(ratio[0])) {
    box.height = static_cast<int>(std::lround(size.width / static_cast<double>(ratio[0])));
  } else if (found > static_cast<double>(ratio[1])) {
    box.width = static_cast<int>(std::lround(size.height * static_cast<double>(ratio[1])));
  }
  box.width = std::clamp(box.width, 1, size.width);
  box.height = std::clamp(box.height, 1, size.height);
  box.left = (size.width - box.width) / 2;
  box.top = (size.height - box.height) / 2;
  return box;
}

void jitter_colour(Picture& picture, const std::array<float, 4>& jitter, Rng& rng) {
  std::array<int, 4> order = {0, 1, 2, 3};
  rng.shuffle(std::span<int>(order));
  std::array<float, 4> factors{};
  for (std::size_t i = 0; i < 3; ++i) {
    factors[i] = rng.uniform(std::max(0.0f, 1.0f - jitter[i]), 1.0f + jitter[i]);
  }
  factors[3] = rng.uniform(-jitter[3], jitter[3]);
  for (int which : order) {
    if (jitter[static_cast<std::size_t>(which)] == 0.0f) continue;
    if (which == 0) adjust_brightness(picture, factors[0]);
    if (which == 1) adjust_contrast(picture, factors[1]);
    if (which == 2) adjust_saturation(picture, factors[2]);
    if (which == 3) adjust_hue(picture, factors[3]);
  }
}

}  // namespace

bool Augmentation::changes_colour() const {
  return operations > 0 || jitter != std::array<float, 4>{};
}

Augmentation augmentation_of(const DataSpec& spec, Augment usual) {
  Augmentation result;
  if (spec.split.value_or(Split::kTest) != Split::kTrain) return result;
  const Augment augment = spec.augment.value_or(usual);
  if (augment == Augment::kPadCropFlip) result.crop = Augmentation::Crop::kPad;
  if (augment == Augment::kRandomResizedCrop) result.crop = Augmentation::Crop::kRandomResized;
  result.hflip = spec.hflip.value_or(augment == Augment::kNone ? 0.0f : 0.5f);
  result.vflip = spec.vflip.value_or(0.0f);
  result.crop_scale = pair_of(spec.crop_scale, result.crop_scale);
  result.crop_ratio = pair_of(spec.crop_ratio, result.crop_ratio);
  if (spec.jitter) std::copy_n(spec.jitter->begin(), 4, result.jitter.begin());
  if (spec.randaugment) {
    result.operations = static_cast<int>((*spec.randaugment)[0]);
    result.magnitude = static_cast<int>((*spec.randaugment)[1]);
  }
  return result;
}

Placement draw_placement(const Augmentation& augmentation, Rng& rng) {
  const int left = static_cast<int>(rng.below(2 * kPad + 1)) - kPad;
  const int top = static_cast<int>(rng.below(2 * kPad + 1)) - kPad;
  const bool flip = rng.uniform() < augmentation.hflip;
  const bool turn = rng.uniform() < augmentation.vflip;
  if (augmentation.crop != Augmentation::Crop::kPad) return {0, 0, flip, turn};
  return {left, top, flip, turn};
}

Box draw_box(PictureSize size, const Augmentation& augmentation, Rng& rng) {
  const double area = static_cast<double>(size.width) * size.height;
  const double low = std::log(static_cast<double>(augmentation.crop_ratio[0]));
  const double high = std::log(static_cast<double>(augmentation.crop_ratio[1]));
  for (int i = 0; i < kBoxTries; ++i) {
    const auto share =
        static_cast<double>(rng.uniform(augmentation.crop_scale[0], augmentation.crop_scale[1]));
    const double ratio = std::exp(low + (high - low) * static_cast<double>(rng.uniform()));
    const long width = std::lround(std::sqrt(area * share * ratio));
    const long height = std::lround(std::sqrt(area * share / ratio));
    if (width < 1 || height < 1 || width > size.width || height > size.height) continue;
    Box box{0, 0, static_cast<int>(width), static_cast<int>(height)};
    box.top = static_cast<int>(rng.below(static_cast<std::uint64_t>(size.height - box.height + 1)));
    box.left = static_cast<int>(rng.below(static_cast<std::uint64_t>(size.width - box.width + 1)));
    return box;
  }
  return centre_box(size, augmentation.crop_ratio);
}

PictureView part_of(const PictureView& picture, const Box& box) {
  PictureView view = picture;
  view.data = picture.row(box.top) + box.left * picture.channels;
  view.width = box.width;
  view.height = box.height;
  return view;
}

Picture placed(const PictureView& picture, const Placement& placement) {
  Picture result{picture.width, picture.height, picture.channels, {}};
  result.bytes.resize(static_cast<std::size_t>(picture.width) *
                      static_cast<std::size_t>(picture.height) *
                      static_cast<std::size_t>(picture.channels));
  std::uint8_t* out = result.bytes.data();
  for (int y = 0; y < picture.height; ++y) {
    const int below = y + placement.top;
    const int in_y = placement.turn ? picture.height - 1 - below : below;
    for (int x = 0; x < picture.width; ++x, out += picture.channels) {
      const int right = x + placement.left;
      const int in_x = placement.flip ? picture.width - 1 - right : right;
      if (in_y < 0 || in_y >= picture.height || in_x < 0 || in_x >= picture.width) continue;
      std::copy_n(picture.row(in_y) + in_x * picture.channels, picture.channels, out);
    }
  }
  return result;
}

void change_colour(Picture& picture, const Augmentation& augmentation, Rng& rng) {
  for (int i = 0; i < augmentation.operations; ++i) {
    const auto operation = static_cast<std::size_t>(rng.below(randaugment_names().size()));
    randaugment(picture, operation, augmentation.magnitude, rng.below(2) == 1);
  }
  if (augmentation.jitter != std::array<float, 4>{}) {
    jitter_colour(picture, augmentation.jitter, rng);
  }
}

}  // namespace gradus
