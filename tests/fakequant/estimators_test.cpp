#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "gradus/fakequant/estimator.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using testing_support::TestRandom;

FakeQuantizer quantizer_of(const Grid& grid, std::vector<float> scales,
                           std::int32_t zero_point = 0) {
  FakeQuantizer quantizer;
  quantizer.grid = grid;
  quantizer.zero_point.assign(scales.size(), zero_point);
  quantizer.scale = at::tensor(scales, at::kFloat);
  return quantizer;
}

// The gradients of sum(y * gy): for x and, where it is learned, for the scale.
struct Gradients {
  at::Tensor y;
  at::Tensor gx;
  at::Tensor gscale;
};
Gradients differentiate(const Estimator& estimator, std::vector<float> x, FakeQuantizer quantizer,
                        std::vector<float> gy, double factor = 1.0) {
  const at::Tensor leaf = at::tensor(x, at::kFloat).set_requires_grad(true);
  if (estimator.learns_scale) quantizer.scale.set_requires_grad(true);
  const at::Tensor y = estimator.apply(leaf, quantizer, factor);
  y.backward(at::tensor(gy, at::kFloat));
  return {y.detach(), leaf.grad(), quantizer.scale.grad()};
}

std::vector<float> values(const at::Tensor& tensor) {
  const at::Tensor rows = tensor.contiguous();
  return {rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel()};
}

TEST(Estimators, HaveUniqueNamesAndCiteASource) {
  std::set<std::string> names;
  for (const Estimator& estimator : estimators()) {
    EXPECT_TRUE(names.insert(estimator.name).second) << estimator.name;
    EXPECT_NE(std::string(estimator.reference).find("arXiv:"), std::string::npos);
    EXPECT_EQ(&find_estimator(estimator.name), &estimator);
  }
  testing_support::expect_error(ErrorCode::kInvalidArgument, {"lsqq", "did you mean 'lsq'"},
                                [] { find_estimator("lsqq"); });
}

TEST(Estimators, LandOnTheGridInAtMostTwoToTheBitsLevelsWithZeroAmongThem) {
  for (const Estimator& estimator : estimators()) {
    for (int bits = 1; bits <= 8; ++bits) {
      for (bool is_signed : {false, true}) {
        const Grid grid = QuantizerSpec{.bits = bits, .is_signed = is_signed}.grid();
        const std::int32_t zero_point = grid.binary ? 0 : grid.quant_min + (1 << bits) / 3;
        const auto x = TestRandom(1).normals(5000, 3.0f);
        const auto result = differentiate(estimator, x, quantizer_of(grid, {0.03f}, zero_point),
                                          std::vector<float>(5000, 1.0f));
        std::set<float> levels;
        for (float y : values(result.y)) levels.insert(y);
        EXPECT_LE(levels.size(), std::size_t{1} << bits) << estimator.name << " " << bits;
        if (!grid.binary) {
          const at::Tensor zero =
              estimator.apply(at::zeros({1}), quantizer_of(grid, {0.03f}, zero_point), 1.0);
          EXPECT_EQ(zero.item<float>(), 0.0f);
        }
      }
    }
  }
}

TEST(Estimators, PassNoGradientFarOutsideTheGridAndAllOfItInside) {
  for (const Estimator& estimator : estimators()) {
    const auto result = differentiate(estimator, {-9.0f, 0.3f, 1.2f, 90.0f},
                                      quantizer_of({-8, 7, false}, {0.5f}), {2, 3, 5, 7});
    EXPECT_EQ(values(result.gx), (std::vector<float>{0, 3, 5, 0})) << estimator.name;
  }
}

TEST(Estimators, StopTheGradientWhereTheFusedActivationClamped) {
  for (const Estimator& estimator : estimators()) {
    FakeQuantizer quantizer = quantizer_of({0, 15, false}, {0.5f});
    quantizer.clamp_min = 0.0f;
    quantizer.clamp_max = 6.0f;
    const auto result = differentiate(estimator, {-1.0f, 0.0f, 1.0f, 6.0f, 6.5f, 2.0f}, quantizer,
                                      {1, 1, 1, 1, 1, 1});
    EXPECT_EQ(values(result.gx), (std::vector<float>{0, 0, 1, 0, 0, 1})) << estimator.name;
    EXPECT_EQ(values(result.y), (std::vector<float>{0, 0, 1, 6, 6, 2})) << estimator.name;
  }
}

TEST(Estimators, ComputeWithoutGradientsWhereNoneAreRecorded) {
  for (const Estimator& estimator : estimators()) {
    const at::NoGradGuard no_grad;
    const at::Tensor y =
        estimator.apply(at::tensor({0.4f, 9.0f}), quantizer_of({0, 3, false}, {1.0f}), 1.0);
    EXPECT_EQ(values(y), (std::vector<float>{0, 3}));
    EXPECT_FALSE(y.requires_grad());
  }
}

TEST(Ste, MasksByTheRoundedCode) {
  // 7.4 rounds onto the grid's end, 7.5 to 8, past it (ties to even); -8.5 to -8, on it.
  const auto result = differentiate(find_estimator("ste"), {7.0f, 7.4f, 7.5f, -8.5f, -8.6f},
                                    quantizer_of({-8, 7, false}, {1.0f}), {1, 2, 3, 4, 5});
  EXPECT_EQ(values(result.gx), (std::vector<float>{1, 2, 0, 4, 0}));
}

TEST(Ste, WorksInPlaceInTheMiddleOfANetwork) {
  const at::Tensor x = at::tensor({0.6f, -3.0f, 9.0f}).set_requires_grad(true);
  FakeQuantizer quantizer = quantizer_of({0, 3, false}, {1.0f});
  quantizer.in_place = true;
  const at::Tensor y = find_estimator("ste").apply(x * 2.0, quantizer, 1.0);
  EXPECT_EQ(values(y), (std::vector<float>{1, 0, 3}));
  (y * 5.0).sum().backward();
  EXPECT_EQ(values(x.grad()), (std::vector<float>{10, 0, 0}));
}

TEST(Ste, TakesTheSignOfBinaryWeightsAndPassesGradientsWithinOne) {
  const auto result = differentiate(find_estimator("ste"), {-0.2f, 0.0f, 1.0f, -1.5f},
                                    quantizer_of({-1, 1, true}, {0.25f}), {1, 2, 3, 4});
  EXPECT_EQ(values(result.y), (std::vector<float>{-0.25f, 0.25f, 0.25f, -0.25f}));
  EXPECT_EQ(values(result.gx), (std::vector<float>{1, 2, 3, 0}));
}

// Esser et al., arXiv:1902.08153v3, eq. 3 and 5, at s = 1, Qn = 0, Qp = 3.
TEST(Lsq, HasThePapersGradientsInsideOnAndOutsideTheGrid) {
  const std::vector<float> x = {0.4f, 0.6f, 5.0f, -1.0f, 3.0f, 0.0f, 2.5f};
  const std::vector<float> slopes = {-0.4f, 0.4f, 3.0f, 0.0f, 3.0f, 0.0f, -0.5f};
  const std::vector<float> passes = {1, 1, 0, 0, 0, 0, 1};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto one =
        differentiate(find_estimator("lsq"), {x[i]}, quantizer_of({0, 3, false}, {1.0f}), {2.0f});
    EXPECT_FLOAT_EQ(one.gscale.item<float>(), 2.0f * slopes[i]) << x[i];
    EXPECT_EQ(one.gx.item<float>(), 2.0f * passes[i]) << x[i];
  }
}

TEST(Lsq, ScalesTheStepsGradientByTheFactor) {
  const auto result = differentiate(find_estimator("lsq"), {5.0f, 7.0f},
                                    quantizer_of({0, 3, false}, {1.0f}), {1, 1}, 0.25);
  EXPECT_FLOAT_EQ(result.gscale.item<float>(), 0.25f * 6.0f);
  EXPECT_DOUBLE_EQ(learned_step_gradient_factor(100, {0, 15, false}), 1.0 / std::sqrt(1500.0));
}

TEST(Lsq, CountsCodesFromAFixedZeroPoint) {
  // Zero point 2 of [0, 3]: reals -2 .. 1.
  const auto result =
      differentiate(find_estimator("lsq"), {-5.0f}, quantizer_of({0, 3, false}, {1.0f}, 2), {1});
  EXPECT_EQ(result.y.item<float>(), -2.0f);
  EXPECT_FLOAT_EQ(result.gscale.item<float>(), -2.0f);
}

TEST(Lsq, LearnsOneStepAChannel) {
  const at::Tensor x =
      at::tensor({0.4f, 5.0f, 0.6f, -1.0f}).reshape({2, 2}).set_requires_grad(true);
  FakeQuantizer quantizer = quantizer_of({0, 3, false}, {1.0f, 2.0f});
  quantizer.scale.set_requires_grad(true);
  find_estimator("lsq").apply(x, quantizer, 1.0).sum().backward();
  EXPECT_NEAR(quantizer.scale.grad()[0].item<float>(), -0.4f + 3.0f, 1e-6f);
  EXPECT_NEAR(quantizer.scale.grad()[1].item<float>(), -0.3f, 1e-6f);
}

}  // namespace
}  // namespace gradus
