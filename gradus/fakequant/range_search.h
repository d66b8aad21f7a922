// The clipping range of least squared error, by search.
#pragma once

#include <span>

#include "gradus/fakequant/fake_quant.h"
#include "gradus/quant/quantizer.h"

namespace gradus {

// Tries 100 shrunken ranges, i/100 of `full` on both sides together, and keeps the one whose
// quantizer (choose_parameters) has the least sum of squared errors over `samples`; the largest
// range of equals. Asymmetric ranges with two sides are then shrunk side by side likewise. (Nagel
// et al., arXiv:2106.08295v1, section 3.1, the MSE range.) Returns `full` if there are no samples
// or it is empty.
Range search_range(std::span<const float> samples, Range full, const QuantizerSpec& spec);

}  // namespace gradus
