// The plan of an engine's memory: layout, halo, aliases and place of every tensor, for the largest
// batch. Made once, when the engine is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradus/runtime/step.h"

namespace gradus {

struct TensorLayout {
  // Whose memory it is: its own index, or that of the tensor it is another name of.
  std::int32_t storage = 0;
  kernels::Halo halo;            // of codes: the largest that any consumer reads
  kernels::ActivationView view;  // of codes: shape and steps; data is set by the engine
  std::size_t origin = 0;        // bytes from the block's begin to pixel (0, 0) of image 0
  std::size_t bytes = 0;         // of the block, 0 for aliases and the network's input
  std::size_t offset = 0;        // of the block in the arena
};

struct Plan {
  std::vector<TensorLayout> tensors;  // as QModel::tensors
  std::size_t arena_bytes = 0;
};

// Throws Error (kUnsupported) if `max_batch` images of this network pass 2^40 bytes.
Plan make_plan(const QModel& model, std::int64_t max_batch);

}  // namespace gradus
