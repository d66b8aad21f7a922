#include "gradus/train/batches.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace gradus {
namespace {

// Of one row of logits {a, b}: -log softmax of either.
double cross_entropy(double chosen, double other) { return std::log1p(std::exp(other - chosen)); }

double loss(std::vector<float> logits, Batch batch, double smoothing = 0.0) {
  batch.n = std::ssize(batch.labels);
  const at::Tensor rows = at::from_blob(logits.data(), {batch.n, 2}, at::kFloat);
  return loss_of(rows, batch, smoothing).item<double>();
}

TEST(LossOf, IsTheMeanCrossEntropy) {
  const double expected = (cross_entropy(2, -1) + cross_entropy(0.5, 3)) / 2;
  EXPECT_NEAR(loss({2, -1, 3, 0.5}, {.labels = {0, 1}}), expected, 1e-6);  // float's precision
}

TEST(LossOf, SpreadsTheSmoothedPartOverAllClasses) {
  const double own = cross_entropy(2, -1);
  const double other = cross_entropy(-1, 2);
  EXPECT_NEAR(loss({2, -1}, {.labels = {0}}, 0.2), 0.9 * own + 0.1 * other, 1e-6);
}

TEST(LossOf, WeighsBothLabelsOfAMixedImage) {
  const Batch mixed = {.labels = {0, 1}, .partners = {1, 1}, .share = 0.7f};
  const double first = 0.7 * cross_entropy(2, -1) + 0.3 * cross_entropy(-1, 2);
  const double second = cross_entropy(0.5, 3);
  EXPECT_NEAR(loss({2, -1, 3, 0.5}, mixed), (first + second) / 2, 1e-6);
  // With smoothing: the mixture of the smoothed losses.
  const auto smooth = [](double a, double b) {
    return 0.9 * cross_entropy(a, b) + 0.1 * cross_entropy(b, a);
  };
  EXPECT_NEAR(loss({2, -1}, {.labels = {0}, .partners = {1}, .share = 0.7f}, 0.2),
              0.7 * smooth(2, -1) + 0.3 * smooth(-1, 2), 1e-6);
}

TEST(LossOf, HasTheGradientOfTheMixture) {
  at::Tensor rows = at::zeros({1, 2});
  rows.set_requires_grad(true);
  Batch batch = {.labels = {0}, .partners = {1}, .share = 0.75f, .n = 1};
  loss_of(rows, batch, 0.0).backward();
  // softmax - target: 0.5 - 0.75 and 0.5 - 0.25.
  EXPECT_NEAR(rows.grad()[0][0].item<double>(), -0.25, 1e-6);
  EXPECT_NEAR(rows.grad()[0][1].item<double>(), 0.25, 1e-6);
}

}  // namespace
}  // namespace gradus
