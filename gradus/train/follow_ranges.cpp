// How quantizers move during training, beside the gradients of learned scales.
#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "gradus/train/network.h"

namespace gradus {
namespace {

// The real range that a calibrated quantizer covers, such that choose_parameters() of it gives the
// same quantizer again.
Range covered(const TrainedQuantizer& quantizer, std::size_t channel) {
  const float scale = quantizer.fake.scale.const_data_ptr<float>()[channel];
  const Grid& grid = quantizer.fake.grid;
  const std::int32_t zero_point = quantizer.fake.zero_point[channel];
  const float max = scale * static_cast<float>(grid.quant_max - zero_point);
  if (quantizer.spec.symmetric) return {quantizer.spec.is_signed ? -max : 0.0f, max};
  return {scale * static_cast<float>(grid.quant_min - zero_point), max};
}

float fraction(float part, float whole) {
  return whole == 0.0f ? 1.0f : std::clamp(part / whole, 0.0f, 1.0f);
}

// The first call fixes where following starts: at the calibrated range, or, where the observer cut
// some off, at what is seen, with the fraction that calibration left of it.
void start(TrainedQuantizer& quantizer, const std::vector<Range>& seen) {
  for (std::size_t c = 0; c < seen.size(); ++c) {
    const Range calibrated = covered(quantizer, c);
    const bool clips = quantizer.observer->clips;
    quantizer.tracked.push_back(clips ? seen[c] : calibrated);
    quantizer.kept.push_back(
        clips ? Range{fraction(calibrated.min, seen[c].min), fraction(calibrated.max, seen[c].max)}
              : Range{1.0f, 1.0f});
  }
}

void set_parameters(TrainedQuantizer& quantizer) {
  std::vector<Range> ranges;
  for (std::size_t c = 0; c < quantizer.tracked.size(); ++c) {
    ranges.push_back({quantizer.tracked[c].min * quantizer.kept[c].min,
                      quantizer.tracked[c].max * quantizer.kept[c].max});
  }
  QuantizationParameters parameters = parameters_of(ranges, quantizer.spec);
  std::copy(parameters.scale.begin(), parameters.scale.end(),
            quantizer.fake.scale.mutable_data_ptr<float>());
  quantizer.fake.zero_point = std::move(parameters.zero_point);
}

// Mean |w| of every slice along the axis (numerics.md (5)).
void set_binary_scales(TrainedQuantizer& quantizer, const at::Tensor& weights) {
  const at::Tensor rows =
      (quantizer.spec.per_channel ? weights.detach().transpose(0, quantizer.spec.axis)
                                  : weights.detach())
          .contiguous();
  const std::int64_t channels = quantizer.fake.scale.numel();
  const auto row = static_cast<std::size_t>(rows.numel() / channels);
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    quantizer.fake.scale.mutable_data_ptr<float>()[c] =
        binary_scale({rows.const_data_ptr<float>() + c * row, row});
  }
}

}  // namespace

void Network::update_weight_range(TrainedQuantizer& quantizer) {
  const at::Tensor& weights = constants_[static_cast<std::size_t>(quantizer.weights)];
  if (quantizer.fake.grid.binary) return set_binary_scales(quantizer, weights);
  const std::vector<Range> seen =
      ranges_of(weights, quantizer.spec.per_channel, quantizer.spec.axis);
  if (quantizer.tracked.empty()) start(quantizer, seen);
  // Weights are all here: their range is known, unless an average of it is asked for.
  const bool average = quantizer.observer->averages && !quantizer.observer->clips;
  const float constant = quantizer.averaging_constant;
  for (std::size_t c = 0; c < seen.size(); ++c) {
    Range& range = quantizer.tracked[c];
    range.min = average ? range.min + constant * (seen[c].min - range.min) : seen[c].min;
    range.max = average ? range.max + constant * (seen[c].max - range.max) : seen[c].max;
  }
  set_parameters(quantizer);
}

void Network::update_quantizers() {
  const at::NoGradGuard no_grad;
  for (TrainedQuantizer& quantizer : quantizers_) {
    const Range seen = std::exchange(quantizer.seen, Range{});
    if (quantizer.estimator->learns_scale || quantizer.observer->fixed) continue;
    if (!quantizer.fake.scale.defined()) continue;
    if (quantizer.weights != kNoValue) {
      update_weight_range(quantizer);
      continue;
    }
    if (seen.empty()) continue;
    if (quantizer.tracked.empty()) start(quantizer, {seen});
    Range& range = quantizer.tracked[0];
    if (quantizer.observer->averages) {
      range.min += quantizer.averaging_constant * (seen.min - range.min);
      range.max += quantizer.averaging_constant * (seen.max - range.max);
    } else {
      range.min = std::min(range.min, seen.min);
      range.max = std::max(range.max, seen.max);
    }
    set_parameters(quantizer);
  }
}

std::vector<at::Tensor> Network::remember_scales() const {
  std::vector<at::Tensor> scales;
  for (const Parameter& parameter : parameters_) {
    if (parameter.kind == Kind::kScale) scales.push_back(parameter.tensor.detach().clone());
  }
  return scales;
}

void Network::limit_scales(const std::vector<at::Tensor>& before) {
  const at::NoGradGuard no_grad;
  std::size_t next = 0;
  for (Parameter& parameter : parameters_) {
    if (parameter.kind != Kind::kScale) continue;
    const at::Tensor& old = before[next++];
    const float* from = old.const_data_ptr<float>();
    float* scale = parameter.tensor.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < old.numel(); ++i) {
      scale[i] = std::clamp(scale[i], from[i] * 0.5f, from[i] * 2.0f);
    }
  }
}

}  // namespace gradus
