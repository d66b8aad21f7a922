// The executable specification of a whole integer network: plain loops over a QModel, with no
// packing, planning, threads or instruction sets. Tests and `verify` hold the engine to it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gradus/qmodel/qmodel.h"

namespace gradus {

// One tensor of a run, [batch, channels, height, width].
struct ReferenceTensor {
  std::vector<std::int32_t> codes;  // kCodes: codes on the tensor's grid
  std::vector<float> values;        // kFloat
};

// Runs `model`, which has passed validate(), on `images` [batch, channels, height, width] without
// NaN. Returns every tensor, in the order of QModel::tensors.
std::vector<ReferenceTensor> run_reference(const QModel& model, std::span<const float> images,
                                           std::int64_t batch);

}  // namespace gradus
