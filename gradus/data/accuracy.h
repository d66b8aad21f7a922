// How often a network is right on a data set.
#pragma once

#include <cstdint>

namespace gradus {

struct Accuracy {
  std::int64_t images = 0;
  double top1 = 0.0;  // fractions, 0..1
  double top5 = 0.0;  // 1 where there are at most five classes
  double loss = 0.0;  // mean cross entropy of the network's output taken as logits
};

}  // namespace gradus
