#include "gradus/runtime/output_params.h"

#include "gradus/runtime/step.h"

namespace gradus {
namespace {

// One entry, or one a channel, to one a channel.
template <typename T, typename U, typename Convert>
void spread(std::span<const T> values, std::int32_t channels, AlignedArray<U>& out,
            Convert convert) {
  out = AlignedArray<U>(padded_channels(channels));
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    out[c] = convert(values[values.size() == 1 ? 0 : c]);
  }
}

}  // namespace

OutputParams::OutputParams(Profile profile, const QOutputStage& stage, const QTensor& output) {
  params_.profile = profile;
  if (output.kind == QTensorKind::kCodes) {
    set_codes(profile, stage, output);
  } else {
    set_floats(stage, output);
  }
  params_.multiplier = multiplier_.data();
  params_.fixed = fixed_.data();
}

void OutputParams::set_codes(Profile profile, const QOutputStage& stage, const QTensor& output) {
  const Requantizer requantizer = make_requantizer(profile, stage.accumulator_scale, output.scale,
                                                   output.zero_point, stage.low, stage.high);
  const auto same = [](auto value) { return value; };
  if (profile == Profile::kIeee32) {
    spread(std::span<const float>(requantizer.multiplier), output.channels, multiplier_, same);
  } else {
    spread(std::span<const FixedMultiplier>(requantizer.fixed), output.channels, fixed_, same);
  }
  params_.kind = kernels::OutputKind::kCodes;
  params_.zero_point = stored(output, output.zero_point);
  params_.low = stored(output, stage.low);
  params_.high = stored(output, stage.high);
}

void OutputParams::set_floats(const QOutputStage& stage, const QTensor& output) {
  spread(std::span<const double>(stage.accumulator_scale), output.channels, multiplier_,
         [](double unit) { return static_cast<float>(unit); });
  params_.kind = kernels::OutputKind::kFloat;
  params_.float_low = stage.float_low;
  params_.float_high = stage.float_high;
}

}  // namespace gradus
