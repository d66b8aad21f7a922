// Places of tensors in one block of memory: tensors that never live at the same time may share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gradus {

// Lives from step `first` to step `last`, both included.
struct Lifetime {
  std::size_t bytes = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

struct Placement {
  std::vector<std::size_t> offsets;  // one a lifetime, multiples of 64
  std::size_t bytes = 0;             // the whole
};

// Largest first, each into the smallest gap that takes it (greedy by size: Pisarchyk and Lee,
// arXiv:2001.03288v1, algorithm 3). Two lifetimes with a common step never overlap in memory.
// Quadratic in the number of lifetimes.
Placement place(std::span<const Lifetime> lifetimes);

}  // namespace gradus
