#include "gradus/graph/fused.h"

#include <gtest/gtest.h>

#include "gradus/base/check.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::floats;
using testing_support::OnnxGraph;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(FusedClamp, IsOpenUnlessSetAndComesBackAsSet) {
  Node node{"n", "Conv", {}, {}, {}};
  EXPECT_FALSE(fused_clamp(node).any());
  set_fused_clamp(node, {0.0f, 6.0f});
  EXPECT_TRUE(fused_clamp(node).any());
  EXPECT_EQ(fused_clamp(node).min, 0.0f);
  EXPECT_EQ(fused_clamp(node).max, 6.0f);
}

TEST(ChannelAffine, IsTheBiasAloneWithoutBatchNorm) {
  const std::vector<float> bias{1.0f, -2.0f};
  const ChannelAffine affine = channel_affine(bias, {}, {}, {}, {}, 0.0f);
  EXPECT_TRUE(affine.gain.empty());
  EXPECT_EQ(affine.offset, bias);
}

// gamma / sqrt(var + eps) = 6 / sqrt(8 + 1) = 2; (bias - mean) * 2 + beta.
TEST(ChannelAffine, GivesHandComputedGainAndOffset) {
  const std::vector<float> gamma{6.0f, -3.0f}, beta{0.5f, 1.0f}, mean{1.0f, -2.0f},
      variance{8.0f, 0.25f}, bias{4.0f, 0.0f};
  const ChannelAffine with = channel_affine(bias, gamma, beta, mean, variance, 1.0f);
  EXPECT_EQ(with.gain[0], 2.0f);
  EXPECT_EQ(with.offset[0], 6.5f);
  EXPECT_FLOAT_EQ(with.gain[1], -2.68328157f);  // -3 / sqrt(1.25)
  EXPECT_FLOAT_EQ(with.offset[1], -4.36656315f);
  const ChannelAffine without = channel_affine({}, gamma, beta, mean, variance, 1.0f);
  EXPECT_EQ(without.offset[0], -1.5f);
}

TEST(ChannelAffine, RoundsOnceFromDouble) {
  // In float the sum 1 + 2^-24 would lose the small part before the product.
  const std::vector<float> gamma{1.0f}, beta{-1.0f}, mean{-1.0f}, variance{1.0f}, bias{0x1p-24f};
  EXPECT_EQ(channel_affine(bias, gamma, beta, mean, variance, 0.0f).offset[0], 0x1p-24f);
}

Quantizer quantizer(int bits, float scale, std::int32_t zero_point) {
  Quantizer result;
  result.spec.bits = bits;
  result.parameters = {{scale}, {zero_point}};
  return result;
}

TEST(ClampedCodes, IsTheWholeGridWithoutAClamp) {
  const CodeRange range = clamped_codes(quantizer(4, 0.5f, 3), {});
  EXPECT_EQ(range.low, 0);
  EXPECT_EQ(range.high, 15);
}

TEST(ClampedCodes, CutsTheGridAtTheClamp) {
  // Codes of 0 and 6 at scale 0.5 and zero point 3 are 3 and 15.
  const CodeRange relu6 = clamped_codes(quantizer(8, 0.5f, 3), {0.0f, 6.0f});
  EXPECT_EQ(relu6.low, 3);
  EXPECT_EQ(relu6.high, 15);
  const CodeRange relu = clamped_codes(quantizer(8, 0.5f, 0), {0.0f, kInfinity});
  EXPECT_EQ(relu.low, 0);
  EXPECT_EQ(relu.high, 255);
  const CodeRange above = clamped_codes(quantizer(2, 1.0f, 0), {0.0f, 6.0f});
  EXPECT_EQ(above.high, 3);
}

TEST(ClampedCodes, NeedsOneScale) { EXPECT_THROW(clamped_codes(Quantizer{}, {}), LogicError); }

TEST(LinearConstants, FindsWeightsBiasAndBatchNorm) {
  OnnxGraph g({-1, 2});
  const ValueId w = g.zeros({3, 2}), bias = g.zeros({3}), bn = g.constant(floats({3}, {1, 2, 3}));
  g.add("Gemm", {g.x, w, bias, bn, bn, bn, bn}, {{"bn_epsilon", 0.25f}});
  const LinearConstants found = linear_constants(g.graph, g.graph.nodes[0]);
  EXPECT_EQ(found.weights, &g.graph.value(w));
  EXPECT_EQ(found.bias, &g.graph.value(bias));
  EXPECT_EQ(found.variance, &g.graph.value(bn));
  EXPECT_EQ(found.epsilon, 0.25f);
}

TEST(LinearConstants, RefusesWeightsThatAreNotConstantFloats) {
  OnnxGraph g({-1, 2});
  g.add("Gemm", {g.x, g.x});
  g.add("Gemm", {g.x, g.constant(Tensor(DType::kInt8, {3, 2}))});
  g.add("Gemm", {g.x});
  for (const auto& node : g.graph.nodes) {
    expect_error(ErrorCode::kUnsupported, {node.name, "(Gemm)"},
                 [&] { linear_constants(g.graph, node); });
  }
}

}  // namespace
}  // namespace gradus
