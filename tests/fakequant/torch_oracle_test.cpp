// PyTorch's own numbers: fake quantization, learnable scales and observers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradus/fakequant/estimator.h"
#include "gradus/fakequant/observer.h"
#include "tests/support/torch_oracle.h"

namespace gradus {
namespace {

using testing_support::oracle_cases;
using testing_support::oracle_folder;
using testing_support::OracleCase;

FakeQuantizer quantizer_of(const OracleCase& c) {
  FakeQuantizer quantizer;
  quantizer.grid = {static_cast<std::int32_t>(c.integer("qmin")),
                    static_cast<std::int32_t>(c.integer("qmax")), false};
  const at::Tensor scale =
      c.has("scale") ? at::tensor({c.real("scale")}, at::kFloat) : c.array("scale").reshape({-1});
  quantizer.scale = scale.contiguous();
  const at::Tensor zero = c.has("zero_point") ? at::tensor({c.real("zero_point")}, at::kFloat)
                                              : at::round(c.array("zero_point").reshape({-1}));
  for (std::int64_t i = 0; i < zero.numel(); ++i) {
    quantizer.zero_point.push_back(static_cast<std::int32_t>(zero[i].item<float>()));
  }
  if (c.has("axis")) quantizer.axis = c.integer("axis");
  return quantizer;
}

TEST(TorchOracle, FakeQuantizationAndItsGradientAreTorchsExactly) {
  int count = 0;
  for (const char* group : {"fake_quant_tensor", "fake_quant_channel"}) {
    for (const OracleCase& c : oracle_cases(group)) {
      const at::Tensor x = c.array("x").set_requires_grad(true);
      const at::Tensor y = find_estimator("ste").apply(x, quantizer_of(c), 1.0);
      EXPECT_TRUE(at::equal(y, c.array("y"))) << group << "/" << c.name();
      y.backward(c.array("gy"));
      EXPECT_TRUE(at::equal(x.grad(), c.array("gx"))) << group << "/" << c.name();
      ++count;
    }
  }
  if (count == 0) GTEST_SKIP() << "no cases under " << oracle_folder();
}

// Torch lets everything that rounds onto the grid count as inside; eq. 3 of the paper draws the
// line at the grid's ends. They differ in the half step outside each end alone, by a known amount.
TEST(TorchOracle, LearnedScalesAreTorchsButForTheHalfStepOutsideTheEnds) {
  int count = 0;
  for (const char* group : {"learnable_scale_tensor", "learnable_scale_channel"}) {
    for (const OracleCase& c : oracle_cases(group)) {
      FakeQuantizer q = quantizer_of(c);
      q.scale.set_requires_grad(true);
      const at::Tensor x = c.array("x").set_requires_grad(true);
      const at::Tensor gy = c.array("gy");
      const double factor = c.real("grad_factor");
      const at::Tensor y = find_estimator("lsq").apply(x, q, factor);
      EXPECT_TRUE(at::equal(y, c.array("y"))) << c.name();
      y.backward(gy);

      std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
      const std::int64_t channels = q.scale.numel();
      if (channels > 1) shape[static_cast<std::size_t>(q.axis)] = channels;
      std::vector<float> low;
      std::vector<float> high;
      for (std::int32_t z : q.zero_point) {
        low.push_back(static_cast<float>(q.grid.quant_min - z));
        high.push_back(static_cast<float>(q.grid.quant_max - z));
      }
      const at::Tensor l = at::tensor(low).reshape(shape);
      const at::Tensor h = at::tensor(high).reshape(shape);
      const at::Tensor t = x.detach() / q.scale.detach().reshape(shape);
      const at::Tensor r = at::round(t);
      const at::Tensor on_grid = at::logical_and(r >= l, r <= h);
      const at::Tensor between = at::logical_and(on_grid, at::logical_or(t <= l, t >= h));
      EXPECT_TRUE(at::equal(at::where(between, gy, x.grad()), c.array("gx"))) << c.name();
      // There torch has q - t where the paper has q.
      at::Tensor correction = at::where(between, -gy * t, at::zeros_like(t)) * factor;
      std::vector<std::int64_t> others;
      for (std::int64_t d = 0; d < x.dim(); ++d) {
        if (channels == 1 || d != q.axis) others.push_back(d);
      }
      correction = correction.sum(others).reshape({channels});
      const at::Tensor expected = c.array("gscale").reshape({channels});
      const double scale = (gy.abs().sum() * factor).item<double>();
      EXPECT_LE((q.scale.grad() + correction - expected).abs().max().item<double>(), 1e-4 * scale)
          << c.name();
      ++count;
    }
  }
  if (count == 0) GTEST_SKIP() << "no cases under " << oracle_folder();
}

TEST(TorchOracle, ObserversFindTorchsRangesScalesAndZeroPoints) {
  const auto cases = oracle_cases("observers");
  GRADUS_SKIP_WITHOUT_ORACLE(cases);
  for (const OracleCase& c : cases) {
    if (c.text("observer") == "hist") continue;
    QuantizerSpec spec;
    spec.is_signed = c.integer("quant_min") < 0;
    spec.per_channel = c.text("observer") == "perchannel_minmax";
    if (spec.per_channel) spec.axis = static_cast<int>(c.integer("axis"));
    const bool average = c.text("observer") == "ema";
    const float constant = average ? static_cast<float>(c.real("averaging_constant")) : 0.01f;
    const auto observer =
        find_observer(average ? "moving_average_minmax" : "minmax").make({spec, constant});
    const bool per_channel = spec.per_channel;  // one tensor, of which torch's range is not kept
    const at::Tensor batches = per_channel ? c.array("w").unsqueeze(0) : c.array("batches");
    const auto all = [&](const char* name) { return c.array(name).reshape({batches.size(0), -1}); };
    const at::Tensor min = per_channel ? at::Tensor() : all("min_val");
    const at::Tensor max = per_channel ? at::Tensor() : all("max_val");
    const at::Tensor scale = all("scale");
    const at::Tensor zero = all("zero_point");
    // Symmetric quantizers are other ones: torch's have zero point 128 on an unsigned grid, or half
    // a step more on a signed one.
    const bool affine = c.text("qscheme").find("affine") != std::string::npos;
    for (std::int64_t batch = 0; batch < batches.size(0); ++batch) {
      observer->observe(batches[batch].contiguous());
      const auto ranges = observer->ranges();
      const auto parameters = parameters_of(ranges, spec);
      ASSERT_EQ(static_cast<std::int64_t>(ranges.size()), scale.size(1)) << c.name();
      for (std::size_t i = 0; i < ranges.size(); ++i) {
        const auto of = [&](const at::Tensor& t) {
          return t[batch][static_cast<std::int64_t>(i)].item<float>();
        };
        if (!per_channel) {
          EXPECT_NEAR(ranges[i].min, of(min), 1e-6 * std::abs(of(min))) << c.name();
          EXPECT_NEAR(ranges[i].max, of(max), 1e-6 * std::abs(of(max))) << c.name();
        }
        const bool constant_zero = ranges[i].min == 0.0f && ranges[i].max == 0.0f;  // torch: eps
        if (!affine || constant_zero) continue;
        EXPECT_NEAR(parameters.scale[i], of(scale), 1e-6 * of(scale)) << c.name();
        EXPECT_EQ(parameters.zero_point[i], static_cast<std::int32_t>(of(zero))) << c.name();
      }
    }
  }
}

}  // namespace
}  // namespace gradus
