#include "tests/capi/picture_model.h"

#include "gradus/base/rng.h"

namespace gradus::testing_support {
namespace {

constexpr std::int32_t kFilters = 8;
constexpr std::int32_t kClasses = 10;

QTensor tensor(const char* name, QTensorKind kind, std::int32_t side, std::int32_t channels) {
  QTensor result;
  result.name = name;
  result.kind = kind;
  result.height = side;
  result.width = side;
  result.channels = channels;
  return result;
}

QTensor codes(const char* name, std::int32_t side, std::int32_t channels, float scale) {
  QTensor result = tensor(name, QTensorKind::kCodes, side, channels);
  result.scale = scale;
  result.zero_point = 128;
  return result;
}

QWeights random_weights(std::int32_t count, Rng& rng) {
  QWeights weights;
  weights.bits = 4;
  weights.grid = QuantizerSpec{.bits = 4, .is_signed = true, .narrow_range = true}.grid();
  for (std::int32_t i = 0; i < count; ++i) {
    weights.codes.push_back(static_cast<std::int32_t>(rng.below(15)) - 7);
  }
  weights.zero_point = {0};
  return weights;
}

}  // namespace

QModel picture_model(std::int32_t side, std::int32_t channels,
                     const std::map<std::string, std::string>& pixels) {
  Rng rng(7);
  QModel model;
  model.name = "pictures";
  const std::int32_t half = (side + 1) / 2;
  model.tensors = {tensor("image", QTensorKind::kFloat, side, channels),
                   codes("image codes", side, channels, 1.0f / 48.0f),
                   codes("features", half, kFilters, 1.0f / 16.0f),
                   codes("flat", 1, kFilters * half * half, 1.0f / 16.0f),
                   tensor("logits", QTensorKind::kFloat, 1, kClasses)};
  QConv conv;
  conv.kernel_h = conv.kernel_w = 3;
  conv.stride_h = conv.stride_w = 2;
  conv.pad_top = conv.pad_left = 1;
  conv.pad_bottom = conv.pad_right = 1;
  conv.weights = random_weights(kFilters * 9 * channels, rng);
  conv.bias.assign(kFilters, 5);
  conv.output.accumulator_scale = {0.01};
  QFullyConnected classifier;
  classifier.weights = random_weights(kClasses * kFilters * half * half, rng);
  classifier.bias.assign(kClasses, 0);
  classifier.output.accumulator_scale = {0.001};
  model.nodes = {{"quantize", QQuantize{}, {0}, 1},
                 {"conv", conv, {1}, 2},
                 {"flatten", QFlatten{}, {2}, 3},
                 {"classifier", classifier, {3}, 4}};
  model.outputs = {4};
  for (const auto& [key, text] : pixels) model.metadata["data.pixels." + key] = text;
  validate(model, "picture_model");
  return model;
}

}  // namespace gradus::testing_support
