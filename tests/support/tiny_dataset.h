// A data set in memory for tests of training: noisy pictures whose brightest corner is the class.
#pragma once

#include <cstdint>
#include <span>

#include "gradus/data/dataset.h"

namespace gradus::testing_support {

class TinyDataset : public Dataset {
 public:
  TinyDataset(std::int64_t size, ImageShape shape, std::uint64_t seed = 1, float noise = 0.6f)
      : Dataset(info_of(size, shape)), seed_(seed), noise_(noise) {}

  std::int64_t label(std::int64_t index) const override { return index % 4; }

 private:
  static DatasetInfo info_of(std::int64_t size, ImageShape shape) {
    DatasetInfo info;
    info.name = "tiny";
    info.size = size;
    info.classes = 4;
    info.shape = shape;
    return info;
  }

  void load_image(std::int64_t index, std::span<float> image, Rng* augment,
                  Layout layout) const override {
    Rng rng(seed_, static_cast<std::uint64_t>(index));
    const Strides stride = strides_of(shape(), layout);
    const std::int64_t corner = label(index);
    for (std::int64_t c = 0; c < shape().channels; ++c) {
      for (std::int64_t y = 0; y < shape().height; ++y) {
        for (std::int64_t x = 0; x < shape().width; ++x) {
          const bool bottom = 2 * y >= shape().height;
          const bool right = 2 * x >= shape().width;
          const float signal = (bottom ? 2 : 0) + (right ? 1 : 0) == corner ? 1.0f : 0.0f;
          image[static_cast<std::size_t>(c * stride.channel + y * stride.row + x * stride.column)] =
              signal + noise_ * rng.normal();
        }
      }
    }
    if (augment != nullptr) {
      for (float& value : image) value += augment->uniform(-0.1f, 0.1f);
    }
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    return seed_ + static_cast<std::uint64_t>(index);
  }

  std::uint64_t seed_;
  float noise_;
};

}  // namespace gradus::testing_support
