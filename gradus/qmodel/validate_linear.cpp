#include <cmath>
#include <limits>

#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/limits.h"
#include "gradus/qmodel/node_check.h"

namespace gradus {
namespace {

constexpr std::int64_t kLargestAccumulator = std::numeric_limits<std::int32_t>::max();

std::int64_t count(const auto& items) { return static_cast<std::int64_t>(items.size()); }

void check_weight_grid(const NodeCheck& at, const QWeights& weights) {
  if (!within(weights.bits, 1, 8)) {
    at.refuse("its weights have " + std::to_string(weights.bits) + " bits; expected 1 to 8");
  }
  const auto matches = [&](bool is_signed, bool narrow) {
    return weights.grid ==
           QuantizerSpec{.bits = weights.bits, .is_signed = is_signed, .narrow_range = narrow}
               .grid();
  };
  if (!matches(false, false) && !matches(true, false) && !matches(true, true)) {
    at.refuse("the codes of its weights are on no grid of " + std::to_string(weights.bits) +
              " bits");
  }
}

void check_weights(const NodeCheck& at, const QWeights& weights, std::int64_t channels,
                   std::int64_t taps) {
  check_weight_grid(at, weights);
  const Grid& grid = weights.grid;
  if (count(weights.codes) != channels * taps) {
    at.refuse("has " + std::to_string(weights.codes.size()) + " weights; expected " +
              std::to_string(channels) + " x " + std::to_string(taps));
  }
  if (count(weights.zero_point) != 1 && count(weights.zero_point) != channels) {
    at.refuse("has " + std::to_string(weights.zero_point.size()) +
              " zero points of weights; expected 1 or " + std::to_string(channels));
  }
  for (std::int32_t zero_point : weights.zero_point) {
    const bool on_grid =
        grid.binary ? zero_point == 0 : within(zero_point, grid.quant_min, grid.quant_max);
    if (!on_grid)
      at.refuse("a zero point of its weights is " + std::to_string(zero_point) + ", off the grid");
  }
  for (std::int32_t code : weights.codes) {
    if (!within(code, grid.quant_min, grid.quant_max) || (grid.binary && code == 0)) {
      at.refuse("a weight has the code " + std::to_string(code) + ", off the grid " +
                std::to_string(grid.quant_min) + ".." + std::to_string(grid.quant_max));
    }
  }
}

void check_accumulators(const NodeCheck& at, const QWeights& weights,
                        std::span<const std::int32_t> bias, std::int64_t channels) {
  if (count(bias) != channels) {
    at.refuse("has " + std::to_string(bias.size()) + " biases; expected " +
              std::to_string(channels));
  }
  const std::size_t taps = weights.codes.size() / bias.size();
  for (std::size_t c = 0; c < bias.size(); ++c) {
    const std::int64_t bound =
        accumulator_bound(std::span(weights.codes).subspan(c * taps, taps),
                          weights.zero_point[weights.zero_point.size() == 1 ? 0 : c], bias[c],
                          quantizer_of(at.input()));
    if (bound > kLargestAccumulator) {
      at.refuse("the accumulator of channel " + std::to_string(c) + " can reach " +
                std::to_string(bound) + "; expected at most " +
                std::to_string(kLargestAccumulator));
    }
  }
}

void check_output_stage(const NodeCheck& at, const QOutputStage& stage, std::int64_t channels) {
  const QTensor& output = at.output();
  if (count(stage.accumulator_scale) != 1 && count(stage.accumulator_scale) != channels) {
    at.refuse("has " + std::to_string(stage.accumulator_scale.size()) +
              " accumulator scales; expected 1 or " + std::to_string(channels));
  }
  for (double scale : stage.accumulator_scale) {
    if (!std::isfinite(static_cast<float>(scale))) {
      at.refuse("an accumulator scale is not finite as a float");
    }
  }
  if (output.kind == QTensorKind::kFloat) {
    if (!(stage.float_low <= stage.float_high)) at.refuse("clamps its floats to an empty range");
    return;
  }
  at.expect_range(stage.low, stage.high);
  at.expect_arithmetic([&] {
    make_requantizer(at.model.profile, stage.accumulator_scale, output.scale, output.zero_point,
                     stage.low, stage.high);
  });
}

}  // namespace

void check_linear(const NodeCheck& at, const QConv& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  const std::int32_t in = at.input().channels;
  const std::int32_t out = at.output().channels;
  if (op.groups < 1 || in % op.groups != 0 || out % op.groups != 0) {
    at.refuse("has " + std::to_string(op.groups) + " groups; expected a divisor of " +
              std::to_string(in) + " and " + std::to_string(out) + " channels");
  }
  at.expect_window({op.kernel_h, op.kernel_w, op.stride_h, op.stride_w, op.dilation_h,
                    op.dilation_w, op.pad_top, op.pad_left, op.pad_bottom, op.pad_right},
                   out);
  const std::int64_t window = std::int64_t{op.kernel_h} * op.kernel_w;
  if (window > limits::kWeights) at.refuse("its kernel is too large");
  check_weights(at, op.weights, out, window * (in / op.groups));
  check_accumulators(at, op.weights, op.bias, out);
  check_output_stage(at, op.output, out);
}

void check_linear(const NodeCheck& at, const QFullyConnected& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  at.expect_shape(at.input(), 1, 1, at.input().channels);
  at.expect_shape(at.output(), 1, 1, at.output().channels);
  check_weights(at, op.weights, at.output().channels, at.input().channels);
  check_accumulators(at, op.weights, op.bias, at.output().channels);
  check_output_stage(at, op.output, at.output().channels);
}

}  // namespace gradus
