// Mixing the samples of a training batch: mixup (Zhang et al., arXiv:1710.09412v2) and CutMix (Yun
// et al., arXiv:1905.04899v2), as torchvision's references apply them: one share a batch, every
// sample with the one before it.
#pragma once

#include <cstdint>

#include "gradus/data/loader.h"

namespace gradus {

struct MixOptions {
  float mixup = 0.0f;        // alpha of Beta(alpha, alpha); 0: none
  float cutmix = 0.0f;       // likewise; if both are given each takes half of the batches
  float probability = 1.0f;  // of a batch being mixed at all
  std::uint64_t seed = 0;
};

// Mixes the images of batch number `step` of a whole training in place, and sets its `partners` and
// `share`. The values hang on the batch, the options and `step` alone. Leaves a batch of one as it
// is.
void mix(Batch& batch, const ImageShape& shape, Layout layout, const MixOptions& options,
         std::int64_t step);

// One draw from Beta(alpha, alpha), alpha > 0, in [0, 1] (Joehnk's method for alpha <= 1, else the
// ratio of two gammas after Marsaglia and Tsang, 2000).
double draw_beta(double alpha, Rng& rng);

}  // namespace gradus
