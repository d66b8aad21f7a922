// A convolution ready to run: the kernel chosen, weights packed, zero points folded into the bias.
// Fully connected layers are 1x1 convolutions of single pixels.
#pragma once

#include <memory>
#include <span>

#include "gradus/kernels/conv/conv.h"
#include "gradus/runtime/step.h"

namespace gradus {

struct LinearLayerView {
  kernels::ConvShape shape;
  const QWeights& weights;
  std::span<const std::int32_t> bias;
  const QOutputStage& output;
};

std::unique_ptr<Step> make_conv_step(const StepContext& context, const LinearLayerView& layer);

}  // namespace gradus
