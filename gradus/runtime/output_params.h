// The parameters of an output stage with the memory that they point to.
#pragma once

#include <span>

#include "gradus/kernels/output_stage/output_stage.h"
#include "gradus/qmodel/qmodel.h"
#include "gradus/runtime/aligned_array.h"

namespace gradus {

class OutputParams {
 public:
  // `output` is the tensor that is written; `stage` has passed validate().
  OutputParams(Profile profile, const QOutputStage& stage, const QTensor& output);

  const kernels::OutputStageParams& get() const noexcept { return params_; }

 private:
  void set_codes(Profile profile, const QOutputStage& stage, const QTensor& output);
  void set_floats(const QOutputStage& stage, const QTensor& output);

  // One entry a channel, padded to a multiple of 64 channels.
  AlignedArray<float> multiplier_;
  AlignedArray<FixedMultiplier> fixed_;
  kernels::OutputStageParams params_;
};

// `channels` rounded up to a multiple of 64.
constexpr std::size_t padded_channels(std::int64_t channels) noexcept {
  return static_cast<std::size_t>((channels + 63) / 64 * 64);
}

}  // namespace gradus
