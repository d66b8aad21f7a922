// Random integer networks that pass validate(): every operator, bit width, grid and kind of output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus::testing_support {

struct RandomModelOptions {
  Profile profile = Profile::kIeee32;
  int nodes = 8;            // after the input's quantization; some may be added to fit shapes
  int largest_extent = 12;  // of height and width
  int largest_channels = 40;
  // Only this kind (an index of QOperator) where it is possible at all.
  std::optional<std::size_t> only = std::nullopt;
  bool islands = true;  // operators in float between
};

// The scales follow the spread of the accumulators, so that codes use their whole grid.
QModel random_model(std::uint64_t seed, const RandomModelOptions& options = {});

// Images [batch, channels, height, width] for `model`, past its input's range on both sides.
std::vector<float> random_images(const QModel& model, std::int64_t batch, std::uint64_t seed);

}  // namespace gradus::testing_support
